#include "models/kafka/log_transactions.hpp"

#include <algorithm>
#include <utility>

namespace noloss::models::kafka {

void LogTransactions::changed(const LogRecord& last) {
  const ProducerId producer = last.producer.id;
  if (!is_marker(last.kind)) {
    open_.try_emplace(producer, last.offset - last.index_in_batch);
    return;
  }
  const auto open = open_.find(producer);
  if (open == open_.end()) return;  // nothing of that transaction is here
  completed_.push_back({open->second, last.offset});
  if (last.kind == RecordKind::abort_marker) aborted_.push_back({producer, open->second, last.offset});
  open_.erase(open);
}

void LogTransactions::clear() {
  open_.clear();
  completed_.clear();
  aborted_.clear();
}

Offset LogTransactions::last_stable(Offset high_watermark) const {
  Offset stable = high_watermark;
  for (const auto& [producer, first] : open_) stable = std::min(stable, first);
  for (auto span = completed_.rbegin(); span != completed_.rend() && span->last >= high_watermark; ++span) {
    stable = std::min(stable, span->first);
  }
  return stable;
}

std::vector<AbortedTransaction> LogTransactions::aborted_between(Offset from, Offset to) const {
  std::vector<AbortedTransaction> found;
  for (auto transaction = aborted_.rbegin(); transaction != aborted_.rend() && transaction->last >= from;
       ++transaction) {
    if (transaction->first < to) found.push_back(*transaction);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

AbortedFilter::AbortedFilter(std::vector<AbortedTransaction> aborted) : begins_(std::move(aborted)) {
  std::sort(begins_.begin(), begins_.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
}

void AbortedFilter::clear() {
  begins_.clear();
  next_ = 0;
  within_.clear();
}

bool AbortedFilter::hides(const LogRecord& record) {
  if (!record.producer.transactional) return false;
  for (; next_ < begins_.size() && begins_[next_].first <= record.offset; ++next_) {
    within_[begins_[next_].producer] = begins_[next_].last;
  }
  const auto within = within_.find(record.producer.id);
  if (within == within_.end()) return false;
  if (record.offset < within->second) return true;
  within_.erase(within);  // its marker, or beyond it
  return false;
}

}  // namespace noloss::models::kafka
