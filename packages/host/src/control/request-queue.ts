/** Resources that a request may need while it is in progress. */
export interface RequestCost {
  /** Largest size of its answer in bytes. */
  readonly answerBytes: number;
}

/** The limits of a {@link RequestQueue}. */
export interface QueueLimits {
  /** Number of requests in progress. */
  readonly requests: number;
  /** Size in bytes of answers that are in progress or wait for the client; a single answer may be larger. */
  readonly answerBytes: number;
}

/**
 * The requests of one client that have arrived and not started. A request starts when the limits allow it; later ones
 * wait for it, so that requests start in their order.
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
   * @param begin - executes a request; settles when its answer has been passed to the client's socket. Never rejects.
   * @param unread - size in bytes of answers that the client has not read yet.
   * @param progressed - called when a request has ended and those that waited for it have started.
   */
  constructor(limits: QueueLimits, begin: (request: T) => Promise<void>, unread: () => number, progressed: () => void) {
    this.#limits = limits;
    this.#begin = begin;
    this.#unread = unread;
    this.#progressed = progressed;
  }

  /** Whether no request is in progress or waits. */
  get idle(): boolean {
    return this.#underWay === 0 && this.#waiting.length === 0;
  }

  /** Whether another request could start at once. */
  get open(): boolean {
    return (
      this.#waiting.length === 0 && this.#underWay < this.#limits.requests && this.#unread() < this.#limits.answerBytes
    );
  }

  add(request: T): void {
    this.#waiting.push(request);
    this.advance();
  }

  /** Starts all requests that can start, after one has ended or the client has read. */
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

  /** Discards requests that have not started, because the client is gone. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #fits({ answerBytes }: T): boolean {
    if (this.#underWay >= this.#limits.requests) return false;
    const unread = this.#unread();
    // At least one is started as soon as the client reads, because its answer may be larger than the limit.
    if (this.#reserved === 0) return unread < this.#limits.answerBytes;
    return this.#reserved + unread + answerBytes <= this.#limits.answerBytes;
  }
}
