/** What a request may need while it is under way. */
export interface RequestCost {
  /** Bytes of its answer, at most. */
  readonly answerBytes: number;
}

/** The limits of a {@link RequestQueue}. */
export interface QueueLimits {
  /** Requests under way. */
  readonly requests: number;
  /** Bytes of answers that are under way or wait for the client; a single answer may have more. */
  readonly answerBytes: number;
}

/**
 * The requests of one client that have come and have not begun. One begins when less than the limits are under way; those after it wait
 * for it, so that they begin in their order.
 */
export class RequestQueue<T extends RequestCost> {
  readonly #limits: QueueLimits;
  readonly #begin: (request: T) => Promise<void>;
  readonly #unread: () => number;
  readonly #progressed: () => void;
  readonly #waiting: T[] = [];
  #underWay = 0;
  #reserved = 0;

  /**
   * @param begin - does a request; settles when its answer was given to the client's socket. Never rejects.
   * @param unread - bytes of answers that the client has not taken yet.
   * @param progressed - called when a request has ended, and those that waited for it have begun.
   */
  constructor(limits: QueueLimits, begin: (request: T) => Promise<void>, unread: () => number, progressed: () => void) {
    this.#limits = limits;
    this.#begin = begin;
    this.#unread = unread;
    this.#progressed = progressed;
  }

  /** Whether nothing is under way or waits. */
  get idle(): boolean {
    return this.#underWay === 0 && this.#waiting.length === 0;
  }

  /** Whether more requests may come: none waits, and none would have to. */
  get open(): boolean {
    return (
      this.#waiting.length === 0 && this.#underWay < this.#limits.requests && this.#unread() < this.#limits.answerBytes
    );
  }

  add(request: T): void {
    this.#waiting.push(request);
    this.advance();
  }

  /** Begins what can begin: something has ended, or the client has read. */
  advance(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#underWay++;
      const { answerBytes } = next;
      this.#reserved += answerBytes;
      void this.#begin(next).then(() => {
        this.#underWay--;
        this.#reserved -= answerBytes;
        this.advance();
        this.#progressed();
      });
    }
  }

  /** The client is gone: what has not begun never will. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #fits({ answerBytes }: T): boolean {
    if (this.#underWay >= this.#limits.requests) return false;
    const unread = this.#unread();
    // One is let through in any case, as soon as the client reads: an answer may be larger than the limit.
    if (this.#reserved === 0) return unread < this.#limits.answerBytes;
    return this.#reserved + unread + answerBytes <= this.#limits.answerBytes;
  }
}
