import type { MessageSink } from './interrupt.js';

/** One source of message interrupts, with its statistics. */
export class MessageSource implements MessageSink {
  readonly source: string;
  readonly #sent: (source: MessageSource, address: number, data: number) => void;
  /** Number of messages. */
  count = 0;
  /** Data of the last message. */
  data = 0;

  constructor(source: string, sent: (source: MessageSource, address: number, data: number) => void) {
    this.source = source;
    this.#sent = sent;
  }

  message(address: number, data: number): void {
    this.count++;
    this.data = data;
    this.#sent(this, address, data);
  }
}
