// Data on its way where the network has congestion control: messages are bytes of a stream, and packets of it are lost
// for good and sent again by the sender's kernel.
#include <memory>
#include <utility>

#include "sim/network_transit.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

constexpr std::int64_t kGiveUpAfter = 15;  // tcp_retries2

}  // namespace

bool Transit::writable(const Channel& channel, Role from) const {
  const auto& flow = channel.way(from).flow;
  return !flow || flow->stream.writable();
}

void Transit::write(Packet& packet) {
  Channel& channel = *packet.channel;
  const Role from = packet.from;
  auto& flow = channel.way(from).flow;
  if (!flow) flow = std::make_unique<Flow>();
  flow->stream.write(std::max<std::int64_t>(packet.bytes, 1));
  flow->ends.push_back(flow->stream.written());
  flow->written.push(packet);
  pump(channel, from);
}

void Transit::pump(Channel& channel, Role from) {
  Flow& flow = *channel.way(from).flow;
  const End::State state = channel.end(from).state;
  if (!channel.is_linked() || state == End::State::reset || state == End::State::vanished) return;
  while (const auto range = flow.stream.send(simulation_.now())) launch(channel, from, *range);
  const VirtualTime due = flow.stream.timer();
  if (due == kNever || due == flow.timer_at) return;
  flow.timer_at = due;
  simulation_.scheduler().at(due, [this, due, from, keep = boost::intrusive_ptr<Channel>(&channel)] {
    Flow& waiting = *keep->way(from).flow;
    if (waiting.timer_at != due) return;
    waiting.timer_at = kNever;
    if (!keep->is_linked()) return;
    if (waiting.stream.timer() == due) waiting.stream.timed_out(due);
    if (waiting.stream.timeouts() > kGiveUpAfter) {
      give_up(*keep);
    } else {
      pump(*keep, from);
    }
  });
}

void Transit::launch(Channel& channel, Role from, Stream::Range range) {
  Way& way = channel.way(from);
  const Link link = channel.link(from);
  ++packets_made_;
  const auto limit = slowing_limit(link);
  const std::int64_t bytes = range.end - range.begin;
  if (limit) faults_.count_effect(*limit);
  way.line_free =
      std::max(simulation_.now(), way.line_free) + line_time(bytes, limit ? faults_.byte_time_of(*limit) : byte_time_);
  const Duration extra = faults_.extra_delay(link, std::nullopt, simulation_.random(Purpose::network));
  way.last_arrival = std::max(way.last_arrival, way.line_free + draw_delay() + extra);
  way.flow->line.push_back(range);
  simulation_.scheduler().at(
      way.last_arrival, [this, from, keep = boost::intrusive_ptr<Channel>(&channel)] { packet_arrives(*keep, from); });
}

bool Transit::vanishes(Link link) {
  if (faults_.blocked(link)) {
    faults_.count_held(link);
    return true;
  }
  return faults_.lost(link) || at_node(link.to).dark;
}

void Transit::packet_arrives(Channel& channel, Role from) {
  Way& way = channel.way(from);
  Flow& flow = *way.flow;
  const Stream::Range range = flow.line.front();
  flow.line.pop_front();
  const End::State there = channel.end(other(from)).state;
  // Before the handshake is complete nobody takes data; it is sent again.
  const bool early = there == End::State::absent || there == End::State::opening;
  if (!channel.is_linked() || way.severed || early || vanishes(channel.link(from))) return;
  flow.answers.push_back(flow.stream.arrived(range));
  answer(channel, from);
  while (!flow.ends.empty() && flow.ends.front() <= flow.stream.received()) {
    flow.ends.pop_front();
    deliver(flow.written.pop());
    if (!channel.is_linked() || way.severed) return;
  }
}

void Transit::answer(Channel& channel, Role from) {
  Flow& flow = *channel.way(from).flow;
  const Link back = channel.link(other(from));
  const Duration extra = faults_.extra_delay(back, std::nullopt, simulation_.random(Purpose::network));
  ++packets_made_;
  flow.last_answer = std::max(flow.last_answer, simulation_.now() + draw_delay() + extra);
  simulation_.scheduler().at(
      flow.last_answer, [this, from, keep = boost::intrusive_ptr<Channel>(&channel)] { answer_arrives(*keep, from); });
}

void Transit::answer_arrives(Channel& channel, Role from) {
  Flow& flow = *channel.way(from).flow;
  const Stream::Acknowledgement what = std::move(flow.answers.front());
  flow.answers.pop_front();
  if (!channel.is_linked() || vanishes(channel.link(other(from)))) return;
  const bool full = !flow.stream.writable();
  flow.stream.acknowledged(what, simulation_.now());
  pump(channel, from);
  Inbox* writer = channel.end(from).inbox;
  if (full && flow.stream.writable() && writer != nullptr) writer->interrupt();
}

}  // namespace noloss::sim
