// Records of __consumer_offsets as a coordinator writes them. Internal to it.
#pragma once

#include "models/kafka/protocol.hpp"

namespace noloss::models::kafka {

inline boost::intrusive_ptr<LogRecord> record_of(RecordKind kind, const boost::intrusive_ptr<GroupValue>& value) {
  boost::intrusive_ptr<LogRecord> record{new LogRecord};
  record->kind = kind;
  record->group = value;
  record->bytes = kHeaderBytes;
  return record;
}

inline boost::intrusive_ptr<LogRecord> offset_record(GroupId group, const CommittedOffset& offset) {
  boost::intrusive_ptr<GroupValue> value{new GroupValue};
  value->id = group;
  value->partition = offset.partition;
  value->position = offset.position;
  value->position_epoch = offset.epoch;
  return record_of(RecordKind::offset_commit, value);
}

}  // namespace noloss::models::kafka
