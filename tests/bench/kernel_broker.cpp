// B3: what a message queue does all day, without faults. Producers send 100 bytes each 10 us; a hop takes 0.5 ms; the
// broker drains its inbox, appends, syncs for 1 ms, sends the batch to 2 followers, which do the same and reply, and
// acknowledges; the consumer fetches up to 5,000 at a time and checks each sequence number.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "sim/wait_queue.hpp"
#include "tests/bench/kernel_workloads.hpp"

namespace noloss::bench {
namespace {

using namespace std::chrono_literals;
using sim::Process;

constexpr std::uint32_t kProducers = 4;
constexpr std::uint32_t kFollowers = 2;
constexpr std::uint64_t kFetchMost = 5'000;
constexpr sim::Duration kHop = 500us;
constexpr sim::Duration kSync = 1ms;
constexpr sim::Duration kPeriod = 10us;

struct Message {
  std::uint32_t producer;
  std::uint32_t sequence;
  char body[92];
};
static_assert(sizeof(Message) == 100);
using Batch = std::vector<Message>;

struct Fetch {
  std::uint64_t offset;
};
struct Request {
  Message* produce = nullptr;  ///< or, if null:
  Fetch fetch{};
};

template <class T>
class Mailbox {
 public:
  explicit Mailbox(sim::Scheduler& scheduler) : readers_(scheduler) {}

  void put(T value) {
    arrived_.push_back(std::move(value));
    readers_.notify_one();
  }
  void wait() {
    if (arrived_.empty()) readers_.wait();
  }
  T take() {
    wait();
    T value = std::move(arrived_.front());
    arrived_.pop_front();
    return value;
  }
  [[nodiscard]] bool empty() const { return arrived_.empty(); }

 private:
  sim::WaitQueue readers_;
  std::deque<T> arrived_;
};

class Cluster {
 public:
  Cluster(Process& process, std::uint64_t messages)
      : process_(process),
        scheduler_(process.simulation().scheduler()),
        per_producer_(messages / kProducers),
        inbox_(scheduler_),
        replies_(scheduler_),
        fetched_(scheduler_) {
    for (std::uint32_t i = 0; i < kProducers; ++i) acks_.emplace_back(scheduler_);
    for (std::uint32_t i = 0; i < kFollowers; ++i) batches_.emplace_back(scheduler_);
  }

  void start() {
    for (std::uint32_t i = 0; i < kProducers; ++i) process_.spawn([this, i] { produce(i); });
    process_.spawn([this] { serve(); });
    for (std::uint32_t i = 0; i < kFollowers; ++i) process_.spawn([this, i] { follow(i); });
    process_.spawn([this] { consume(); });
  }
  [[nodiscard]] std::uint64_t sum() const { return fold(sum_, ended_); }

 private:
  template <class T>
  void send(Mailbox<T>& to, T value) {
    scheduler_.at(scheduler_.now() + kHop, [&to, value = std::move(value)]() mutable { to.put(std::move(value)); });
  }

  Message* take_message() {
    if (spare_.empty()) spare_.push_back(&messages_.emplace_back());
    Message* message = spare_.back();
    spare_.pop_back();
    return message;
  }

  void produce(std::uint32_t number) {
    std::uint32_t acknowledged = 0;
    for (std::uint32_t sequence = 0; sequence < per_producer_; ++sequence) {
      Message* message = take_message();
      message->producer = number;
      message->sequence = sequence;
      std::memset(message->body, 'a' + static_cast<int>(sequence & 15U), sizeof message->body);
      send(inbox_, Request{message});
      process_.sleep(kPeriod);
      while (!acks_[number].empty()) acknowledged = acks_[number].take();
    }
    while (acknowledged != per_producer_) acknowledged = acks_[number].take();
  }

  void serve() {
    std::vector<Fetch> fetches;
    for (;;) {
      inbox_.wait();
      const std::size_t start = log_.size();
      while (!inbox_.empty()) {
        const Request request = inbox_.take();
        if (request.produce != nullptr) {
          log_.push_back(*request.produce);
          spare_.push_back(request.produce);
          process_.simulation().trace_fact(process_.node(), kItem, log_.size());
        } else {
          fetches.push_back(request.fetch);
        }
      }
      if (log_.size() > start) replicate(start);
      for (const Fetch fetch : std::exchange(fetches, {})) {
        const auto from = static_cast<std::ptrdiff_t>(fetch.offset);
        const auto to = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(committed_, fetch.offset + kFetchMost));
        send(fetched_, Batch(log_.begin() + from, log_.begin() + to));
      }
    }
  }

  void replicate(std::size_t start) {
    process_.sleep(kSync);
    const auto batch = log_.begin() + static_cast<std::ptrdiff_t>(start);
    for (Mailbox<Batch>& follower : batches_) send(follower, Batch(batch, log_.end()));
    for (std::uint32_t i = 0; i < kFollowers; ++i) replies_.take();
    std::uint32_t acknowledged[kProducers] = {};
    for (auto message = batch; message != log_.end(); ++message)
      acknowledged[message->producer] = message->sequence + 1;
    committed_ = log_.size();
    for (std::uint32_t i = 0; i < kProducers; ++i) {
      if (acknowledged[i] != 0) send(acks_[i], acknowledged[i]);
    }
  }

  void follow(std::uint32_t number) {
    Batch log;
    for (;;) {
      const Batch batch = batches_[number].take();
      log.insert(log.end(), batch.begin(), batch.end());
      process_.sleep(kSync);
      send(replies_, number);
    }
  }

  void consume() {
    std::uint32_t expected[kProducers] = {};
    std::uint64_t offset = 0;
    while (offset < per_producer_ * kProducers) {
      send(inbox_, Request{nullptr, {offset}});
      const Batch batch = fetched_.take();
      for (const Message& message : batch) {
        if (message.sequence != expected[message.producer]++) std::abort();
        sum_ = fold(sum_, (std::uint64_t{message.producer} << 32U) + message.sequence +
                              static_cast<std::uint64_t>(message.body[50]));
        process_.simulation().trace_fact(process_.node(), kItem, message.producer, message.sequence);
      }
      offset += batch.size();
      if (batch.empty()) process_.sleep(1ms);
    }
    ended_ = nanoseconds(process_);
  }

  Process& process_;
  sim::Scheduler& scheduler_;
  std::uint64_t per_producer_;
  Mailbox<Request> inbox_;
  Mailbox<std::uint32_t> replies_;
  Mailbox<Batch> fetched_;
  std::deque<Mailbox<std::uint32_t>> acks_;
  std::deque<Mailbox<Batch>> batches_;
  std::deque<Message> messages_;
  std::vector<Message*> spare_;
  Batch log_;
  std::uint64_t committed_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t ended_ = 0;
};

}  // namespace

Result broker(sim::FiberPool& pool, std::uint64_t items) {
  std::unique_ptr<Cluster> cluster;  // outlives the fibers, of which some wait to the end
  const std::uint64_t digest = run_program(pool, [&cluster, items](Process& process) {
    cluster = std::make_unique<Cluster>(process, items);
    cluster->start();
  });
  return {cluster->sum(), digest};
}

}  // namespace noloss::bench
