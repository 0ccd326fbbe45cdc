import type { TimerQueue } from '../clock/timer-queue.js';
import { hasTaps } from '../hooks/tappable.js';
import type { VmHooks } from '../hooks/vm-hooks.js';

/** Announces the timers of a VM's clock to its hooks. */
export function announceTimers(timers: TimerQueue, { timerArmed, timerFired }: VmHooks): void {
  timers.onArmed = (name, deadline) => {
    if (hasTaps(timerArmed)) timerArmed.call({ name, deadline });
  };
  timers.onFired = (name, deadline) => {
    if (hasTaps(timerFired)) timerFired.call({ name, deadline });
  };
}
