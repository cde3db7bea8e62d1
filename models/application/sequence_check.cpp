#include "models/application/sequence_check.hpp"
#include "sim/planted.hpp"

#include <algorithm>

namespace noloss::models {

void SequenceCheck::seen(const Message& message) {
  if (!setup_.enabled) return;
  Key key;
  if (setup_.identity) key.producer = (std::uint64_t{message.id.producer} << 32U) | message.id.incarnation;
  if (setup_.per_partition) key.partition = message.id.partition;
  Stream& stream = streams_[key];
  if (message.heartbeat()) {
    heartbeat(message, stream);
    return;
  }
  const std::uint64_t number = message.check_number;
  if (number < stream.next) {
    // A late message closes its gap; any other low number is a redelivery.
    std::erase_if(stream.gaps, [&](const Gap& gap) { return gap.number == number; });
  } else {
    if (!NOLOSS_BUG("sequence check sees no gap")) open_gaps(stream, number);
    stream.next = number + 1;
  }
  std::erase_if(stream.gaps, [&](Gap& gap) {
    if (++gap.later < setup_.grace) return false;
    report(message, gap.number);
    return true;
  });
}

void SequenceCheck::heartbeat(const Message& message, Stream& stream) {
  // A heartbeat repeats the last number given out, so whatever is missing up to it is a gap, the tail included.
  std::erase_if(stream.gaps, [&](Gap& gap) {
    if (!gap.heartbeat_passed) {
      gap.heartbeat_passed = true;
      return false;
    }
    report(message, gap.number);
    return true;
  });
  const std::size_t known = stream.gaps.size();
  open_gaps(stream, message.check_number + 1);
  for (std::size_t i = known; i < stream.gaps.size(); ++i) stream.gaps[i].heartbeat_passed = true;
  stream.next = std::max(stream.next, message.check_number + 1);
}

void SequenceCheck::open_gaps(Stream& stream, std::uint64_t upto) {
  for (std::uint64_t number = stream.next; number < upto; ++number) stream.gaps.push_back({number});
}

void SequenceCheck::report(const Message& message, std::uint64_t number) {
  Alarm alarm;
  alarm.consumer = consumer_;
  if (setup_.identity) {
    alarm.producer = message.id.producer;
    alarm.incarnation = message.id.incarnation;
  }
  if (setup_.per_partition) alarm.partition = message.id.partition;
  alarm.number = number;
  history_.alarm(alarm);
}

}  // namespace noloss::models
