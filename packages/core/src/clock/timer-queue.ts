import { QvmError } from '../errors/qvm-error.js';
import type { ClockTimer } from './clock.js';

const NOT_QUEUED = -1;

class QueuedTimer implements ClockTimer {
  readonly name: string;
  readonly callback: () => void;
  readonly #queue: TimerQueue;
  time = 0;
  /** Position in the order of arming: timers with equal deadlines fire in this order. */
  sequence = 0;
  /** Index in the heap. */
  index = NOT_QUEUED;
  #disposed = false;

  constructor(queue: TimerQueue, name: string, callback: () => void) {
    this.#queue = queue;
    this.name = name;
    this.callback = callback;
  }

  get deadline(): number | undefined {
    return this.index === NOT_QUEUED ? undefined : this.time;
  }

  arm(deadline: number): void {
    if (this.#disposed) throw new QvmError('clock.disposed', `The timer ${this.name} was disposed of.`);
    if (Number.isNaN(deadline)) throw new QvmError('clock.deadline', `The timer ${this.name} has no valid deadline.`);
    this.#queue.insert(this, deadline);
  }

  cancel(): void {
    this.#queue.remove(this);
  }

  dispose(): void {
    this.cancel();
    this.#disposed = true;
  }
}

/**
 * The timers of a clock: a binary heap by deadline.
 *
 * @experimental
 */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  #sequence = 0;
  #firing: number | undefined;

  /** Called when a timer becomes the earliest one, so that the scheduler can shorten the running turn. */
  onEarliest: ((deadline: number) => void) | undefined;
  /** Called when the time is read while a timer that is due holds it back, so that the scheduler can end the running turn. */
  onHeldBack: (() => void) | undefined;
  /** Called when a timer gets a deadline. */
  onArmed: ((timer: string, deadline: number) => void) | undefined;
  /** Called before the callback of a timer that is due. */
  onFired: ((timer: string, deadline: number) => void) | undefined;

  /** Deadline of the earliest timer. */
  get nextDeadline(): number | undefined {
    return this.#heap[0]?.time;
  }

  /** The time for which timers fire now, while `runDue` runs. */
  get firing(): number | undefined {
    return this.#firing;
  }

  /** Makes an unarmed timer on this queue. */
  createTimer(name: string, callback: () => void): ClockTimer {
    return new QueuedTimer(this, name, callback);
  }

  /**
   * Fires the timers that are due, in order of their deadlines. A timer that is armed during the call waits for the
   * next call, even if it is due, so that a timer that always arms itself in the past cannot block the VM.
   *
   * @returns the number of timers fired.
   */
  runDue(now: number): number {
    const next = this.nextDeadline;
    if (next === undefined || next > now) return 0;
    const due: QueuedTimer[] = [];
    const limit = this.#sequence;
    for (let top = this.#heap[0]; top !== undefined && top.time <= now; top = this.#heap[0]) {
      this.remove(top);
      due.push(top);
    }
    this.#firing = now;
    try {
      return this.#fire(due, limit);
    } finally {
      this.#firing = undefined;
    }
  }

  #fire(due: readonly QueuedTimer[], limit: number): number {
    // All timers are put back before the first callback runs, so that a callback may read, move or cancel the others.
    for (const timer of due) this.#push(timer);
    let fired = 0;
    for (const timer of due) {
      if (timer.index === NOT_QUEUED || timer.sequence > limit) continue;
      this.remove(timer);
      fired++;
      this.onFired?.(timer.name, timer.time);
      timer.callback();
    }
    return fired;
  }

  /** @internal */
  insert(timer: QueuedTimer, deadline: number): void {
    this.remove(timer);
    timer.time = deadline;
    timer.sequence = ++this.#sequence;
    this.#push(timer);
    this.onArmed?.(timer.name, deadline);
    if (timer.index === 0) this.onEarliest?.(deadline);
  }

  /** @internal */
  remove(timer: QueuedTimer): void {
    const { index } = timer;
    if (index === NOT_QUEUED) return;
    timer.index = NOT_QUEUED;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#put(index, last);
    this.#siftUp(last);
    this.#siftDown(last);
  }

  #push(timer: QueuedTimer): void {
    this.#put(this.#heap.length, timer);
    this.#siftUp(timer);
  }

  #put(index: number, timer: QueuedTimer): void {
    this.#heap[index] = timer;
    timer.index = index;
  }

  #siftUp(timer: QueuedTimer): void {
    while (timer.index > 0) {
      const parent = this.#heap[(timer.index - 1) >>> 1];
      if (parent === undefined || !isBefore(timer, parent)) return;
      this.#swap(timer, parent);
    }
  }

  #siftDown(timer: QueuedTimer): void {
    for (;;) {
      const left = this.#heap[timer.index * 2 + 1];
      const right = this.#heap[timer.index * 2 + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) return;
      this.#swap(child, timer);
    }
  }

  #swap(a: QueuedTimer, b: QueuedTimer): void {
    const { index } = a;
    this.#put(b.index, a);
    this.#put(index, b);
  }
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
