#include "sim/callback_pool.hpp"

namespace noloss::sim {

void CallbackPool::grow() {
  slabs_.push_back(std::make_unique<Block[]>(kSlab));
  for (std::size_t i = kSlab; i-- != 0;) give(&slabs_.back()[i]);
}

}  // namespace noloss::sim
