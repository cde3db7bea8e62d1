// A replica's log lock and its registration as a watcher, both given back when the scope or the life ends.
#pragma once

#include "models/kafka/replica.hpp"

namespace noloss::models::kafka {

class Replica::Lock {
 public:
  /// Waits for the lock, first come first served.
  explicit Lock(Replica& replica) : replica_(replica) {
    while (replica_.locked_) replica_.unlocked_.wait();
    replica_.locked_ = true;
  }
  ~Lock() {
    replica_.locked_ = false;
    replica_.unlocked_.notify_one();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Replica& replica_;
};

class Watch {
 public:
  Watch(Replica& replica, Change change, Watcher& watcher) : replica_(replica), change_(change), watcher_(watcher) {
    replica_.watch(change_, watcher_);
  }
  ~Watch() { replica_.unwatch(change_, watcher_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  Replica& replica_;
  Change change_;
  Watcher& watcher_;
};

}  // namespace noloss::models::kafka
