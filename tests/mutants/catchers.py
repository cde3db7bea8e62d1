"""Which scenarios are to catch which planted bug of a larger system: the first is meant for it, others cover it too.

A file, or a file with configurations (--only) where few seeds do not meet every expectation of the rest. Each line of
the table names a promise of the real system that the bug breaks, so that it reads as a list of what the model can tell.
"""

KAFKA = {
    # A resend after a lost answer must not be appended again.
    "append duplicates": ["lost-request-lost-answer"],
    # acks=all means every member of the ISR.
    "acknowledge all before it is committed": ["leader-without-followers", "random-kills"],
    # KIP-497: the maximal ISR holds back the high watermark until the controller's answer is known to be in force.
    "apply the ISR when the controller answers": ["maximal-isr"],
    # KIP-903: a follower that was restarted meanwhile is not the one that the proposal speaks of.
    "no check of broker epochs": ["stale-isr-change"],
    # KAFKA-15583: nothing is committed while the ISR is below the minimum.
    "commit below min ISR": ["committed-below-min-isr-3.7"],
    # KAFKA-13141: a fetch that is answered with a diverging epoch is no progress.
    "count a diverging fetch": ["diverging-fetch", "diverging-fetch-2.8.1"],
    # KAFKA-7128: the leader epoch's start offset is the least that a member of the ISR has.
    "join the ISR below the epoch's start": ["joining-at-the-high-watermark"],
    # KIP-101: the high watermark says nothing of what is committed.
    "truncate to the high watermark": ["two-leaders-die"],
    # --- transactions ---
    # KIP-890: a late batch must not open a transaction that nobody ends.
    "kafka: no check of the transaction at the append": ["hanging-transaction-3.9"],
    # KIP-98: who begins anew under a transactional id fences who was there before.
    "kafka: a new life keeps the epoch": ["transactional-zombie"],
    # KIP-890: with version 2 each transaction has an epoch, which what is late does not have.
    "kafka: version 2 keeps the epoch": ["late-batch", "delayed-commit"],
    # What was decided is finished by the next coordinator.
    "kafka: a new coordinator sends no markers": ["coordinator-dies-prepared"],
    "kafka: a decision is not replicated": ["torn-transaction"],
    # KIP-98: positions in a transaction count once its marker is there, and not at all if it is aborted.
    "kafka: offsets count before the marker": [("aborted-forwarding", "on_abort=seek"), "forwarding"],
    # KIP-447: who has lost its partitions does not commit them, and its heir waits for what it may still commit.
    "kafka: a transaction's offsets are taken from any generation": [
        ("zombie-forwarder", "send.offsets=group_metadata")],
    "kafka: unstable offsets are given out": ["unstable-offsets"],
}

RABBITMQ = {
    # --- confirms of classic queues: version 1 on disk, version 2 written ---
    "rabbitmq: index journal is not synced": [("classic-power", "release=3.12", "x-queue-version=1")],
    "rabbitmq: shared store does not sync": [("classic-power", "release=3.12", "x-queue-version=1")],
    "rabbitmq: classic queue confirms before it has written": [
        ("classic-power", "release=3.12", "x-queue-version=1"), ("classic-kill", "confirms=true", "release=3.8")],
    # --- confirms of channels ---
    # Pull request 1893, fixed in 3.8: a publish to a queue whose node went away was confirmed (row 20).
    "rabbitmq: publishes to a lost node are confirmed": [("home-node-down", "release=3.11")],
    # --- crashes of single processes ---
    # Issue 12367, repaired by pull request 12392: compaction wrote over messages that a scan had not seen.
    "rabbitmq: the message store's scan misses what follows a hole": ["store-compaction"],
    # Issue 13390: a queue that was started again had no file for what its index still knew.
    "rabbitmq: a crashed queue starts again without its store": [("queue-crash", "release=4.3", "faults=short")],
    # Issue 13368: the queue was there again, and its consumers waited for ever.
    "rabbitmq: consumers do not hear that their queue crashed": [("queue-crash", "faults=short")],
    # Pull request 4563, 3.11, and 2178: without a route a publish is confirmed and thrown away (row 18).
    "rabbitmq: a durable queue's route goes away with its node": [("home-node-down", "release=3.11")],
    # Pull request 4888: one queue of several refuses, and that is the answer.
    "rabbitmq: first queue confirms for all": ["fanout-one-full"],
    "rabbitmq: a nack is sent as an ack": ["length-limit", "fanout-one-full"],
    "rabbitmq: multiple reaches past unconfirmed numbers": ["confirms-out-of-order"],
    "rabbitmq: confirms leave before the pause guard has looked": ["mirrored-partition"],
    "rabbitmq: client takes a lost connection for a success": ["quorum", ("classic-kill", "confirms=true")],
    # --- what comes back from consumers ---
    "rabbitmq: classic queue forgets what a dead consumer held": [
        ("consumer-crash", "auto_ack=false", "type=classic", "acknowledge=after_processing")],
    "rabbitmq: quorum queue forgets what comes back": [
        "requeue-position", ("consumer-crash", "auto_ack=false", "type=quorum", "acknowledge=after_processing")],
    # --- quorum queues ---
    # Pull request 1782: after a change of leader, confirms never came.
    "rabbitmq: what a lost leader had not confirmed is not sent again": ["quorum-failover"],
    "rabbitmq: write-ahead log answers before it has synced": ["quorum"],
    # Issue 15725: after a restart "member was not found on this node", and a blank one took its place.
    "rabbitmq: a quorum queue's member starts as a new one": ["quorum", "quorum-lagging-member"],
    "rabbitmq: one member commits": ["quorum-minority"],
    "rabbitmq: a member votes for a shorter log": ["quorum-lagging-member"],
    "rabbitmq: quorum queue enqueues what it already has": ["quorum-failover"],
    "rabbitmq: a dead letter is forgotten when it is sent": ["dead-letter-at-least-once"],
    # --- alarms ---
    "rabbitmq: an alarm stays on its own node": ["disk-alarm"],
    "rabbitmq: what a blocked publisher sends is thrown away": ["memory-alarm", "disk-alarm"],
    # --- streams ---
    "rabbitmq: a stream writer confirms what only it has": ["stream-isolated-writer"],
    "rabbitmq: a stream elects the member with the shortest log": ["stream-power"],
    "rabbitmq: a stream replica keeps what its writer does not have": ["stream-power"],
    "rabbitmq: a new stream writer does not read what its publishers have sent": ["stream-deduplication"],
    # --- mirrored queues ---
    "rabbitmq: an unsynchronised mirror is promoted": ["mirrored-failover"],
}

CATCHERS = {"kafka": KAFKA, "rabbitmq": RABBITMQ}
