// Which transactions are open in a partition's log, and which were aborted: what the last stable offset follows from.
//
// Modelled (ProducerStateManager, TransactionIndex): a transaction is open from its first batch to its marker; it stays
// unstable until the marker is committed; an aborted one is remembered with its first offset and its marker's, so that
// readers can leave it out. A batch behind its own transaction's marker opens a new one that nobody may know of.
// Not modelled: the index as a file; it is rebuilt from the log, as is the producer state.
//
// volatile, lost on kill: everything here.
#pragma once

#include <map>
#include <vector>

#include "models/kafka/protocol.hpp"

namespace noloss::models::kafka {

class LogTransactions {
 public:
  /// The last record of a batch, or a marker, is in the log.
  void appended(const LogRecord& last) {
    if (last.producer.transactional) changed(last);
  }
  void clear();

  [[nodiscard]] bool open(ProducerId producer) const { return open_.contains(producer); }
  /// Below it every transaction is decided, and the decision is committed.
  [[nodiscard]] Offset last_stable(Offset high_watermark) const;
  /// In order of their markers.
  [[nodiscard]] std::vector<AbortedTransaction> aborted_between(Offset from, Offset to) const;
  [[nodiscard]] const std::vector<AbortedTransaction>& aborted() const { return aborted_; }

 private:
  struct Span {
    Offset first = 0;
    Offset last = 0;
  };

  void changed(const LogRecord& last);

  std::map<ProducerId, Offset> open_;  ///< first offset of each
  std::vector<Span> completed_;        ///< in order of their markers
  std::vector<AbortedTransaction> aborted_;
};

/// Tells which records of a log belong to aborted transactions, as a reader goes from its beginning to its end, or
/// from anywhere if `aborted` has every transaction that overlaps.
class AbortedFilter {
 public:
  AbortedFilter() = default;
  explicit AbortedFilter(std::vector<AbortedTransaction> aborted);

  /// Precondition: offsets rise from call to call.
  [[nodiscard]] bool hides(const LogRecord& record);
  void clear();

 private:
  std::vector<AbortedTransaction> begins_;  ///< in order of first offsets, those to come
  std::size_t next_ = 0;
  std::map<ProducerId, Offset> within_;  ///< producers in an aborted transaction, and its marker's offset
};

}  // namespace noloss::models::kafka
