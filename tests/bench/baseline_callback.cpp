#include "tests/bench/baseline_callback.hpp"

#include <queue>
#include <vector>

#include "tests/bench/kernel_workloads.hpp"

namespace noloss::bench::baseline {
namespace {

constexpr std::int64_t kHop = 1'000'000;

class Handler {
 public:
  virtual void fire() = 0;

 protected:
  ~Handler() = default;
};

class Loop {
 public:
  [[nodiscard]] std::int64_t now() const { return now_; }
  void at(std::int64_t time, Handler& handler) { events_.push({time, sequence_++, &handler}); }
  void run() {
    while (!events_.empty()) {
      Handler* handler = events_.top().handler;
      now_ = events_.top().time;
      events_.pop();
      handler->fire();
    }
  }

 private:
  struct Event {
    std::int64_t time;
    std::uint64_t sequence;
    Handler* handler;
    bool operator<(const Event& other) const {  // a priority queue gives the greatest first
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };

  std::int64_t now_ = 0;
  std::uint64_t sequence_ = 0;
  std::priority_queue<Event> events_;
};

struct Tally {
  std::uint64_t items;
  std::uint64_t done = 0;
  std::uint64_t sum = 0;
};

class Napper final : public Handler {
 public:
  Napper(Loop& loop, Tally& tally, std::uint64_t seed, std::uint32_t number)
      : loop_(loop), tally_(tally), random_(seed + number), number_(number) {}
  void start() { loop_.at(loop_.now() + nap(random_).count(), *this); }
  void fire() override {
    if (tally_.done == tally_.items) return;
    ++tally_.done;
    tally_.sum = fold(tally_.sum, static_cast<std::uint64_t>(loop_.now()) * 64 + number_);
    start();
  }

 private:
  Loop& loop_;
  Tally& tally_;
  sim::RandomStream random_;
  std::uint32_t number_;
};

/// A message under way; a new one for each hop, as in a network.
class Ball final : public Handler {
 public:
  Ball(Loop& loop, Tally& tally, std::vector<Ball*>& spare) : loop_(loop), tally_(tally), spare_(spare) {}
  void send(std::uint64_t value) {
    value_ = value;
    loop_.at(loop_.now() + kHop, *this);
  }
  void fire() override {
    tally_.sum = fold(tally_.sum, static_cast<std::uint64_t>(loop_.now()) + value_);
    spare_.push_back(this);
    if (++tally_.done == tally_.items) return;
    Ball* next = spare_.back();
    spare_.pop_back();
    next->send(value_ + 1);
  }

 private:
  Loop& loop_;
  Tally& tally_;
  std::vector<Ball*>& spare_;
  std::uint64_t value_ = 0;
};

}  // namespace

std::uint64_t timers(std::uint64_t items, std::uint32_t processes, std::uint64_t seed) {
  Loop loop;
  Tally tally{items};
  std::vector<Napper> nappers;
  nappers.reserve(processes);
  for (std::uint32_t i = 0; i < processes; ++i) nappers.emplace_back(loop, tally, seed, i).start();
  loop.run();
  return tally.sum;
}

std::uint64_t ping_pong(std::uint64_t items) {
  Loop loop;
  Tally tally{items};
  std::vector<Ball*> spare;
  Ball ball(loop, tally, spare);
  ball.send(0);
  loop.run();
  return tally.sum;
}

std::uint64_t worlds(std::uint64_t items) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < items; ++i) sum = fold(sum, timers(100, 10, i * 64));
  return sum;
}

}  // namespace noloss::bench::baseline
