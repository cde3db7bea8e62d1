// Faults of the application: handler_error, handler_stall.
#include "sim/fault/firing.hpp"

namespace noloss::sim {

void act_on_handler(FaultContext& context, Firing& firing) {
  const Fault& fault = *firing.fault;
  for (Hit& hit : firing.hits) {
    const Process& process = context.machine(hit.node).process();
    Program* program = process.program();
    if (program == nullptr) continue;
    hit.incarnation = process.incarnation();
    hit.acted = fault.action == Action::handler_error ? program->fail_handler(fault.times)
                                                      : program->stall_handler(fault.duration.duration());
    firing.effective = firing.effective || hit.acted;
  }
}

bool poison_again(FaultContext& context, NodeId node) {
  bool poisoned = false;
  for (Firing& firing : context.firings) {
    if (firing.fault->action != Action::handler_error || firing.fault->times >= 0) continue;
    const Hit* hit = firing.hit(node);
    Program* program = context.machine(node).process().program();
    if (hit != nullptr && hit->acted && program != nullptr) poisoned = program->fail_handler(firing.fault->times);
  }
  return poisoned;
}

}  // namespace noloss::sim
