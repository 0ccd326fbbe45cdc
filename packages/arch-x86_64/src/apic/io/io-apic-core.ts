import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import { ASSERT, deliveryMode, DeliveryMode, LEVEL, shortDestination, VECTOR_MASK } from '../message.js';
import { requireList, requireThat, requireWords } from '../saved-state.js';

/** Number of inputs. */
export const IO_APIC_INPUTS = 24;
/** Version register: 24 redirection entries, version 20h, which has the EOI register. */
const VERSION = ((IO_APIC_INPUTS - 1) << 16) | 0x20;

/** Indices of the registers (82093AA, 3.2). */
const ID = 0;
const VERSION_INDEX = 1;
const ARBITRATION = 2;
const FIRST_ENTRY = 0x10;
const ID_SHIFT = 24;

/** Bits of a redirection entry's low word besides those of a message (82093AA, 3.2.4). */
const REMOTE_IRR = 1 << 14;
const MASKED = 1 << 16;
/** Message, polarity, trigger, mask; delivery status, which reads as 0, and remote IRR are read-only. */
const WRITABLE = 0x1_afff;
const MESSAGE_MASK = 0x8fff;
const DESTINATION_SHIFT = 24;

/** Sends a message to local APICs; returns whether one has accepted it. */
type Send = (message: number, destination: number) => boolean;

/**
 * An I/O APIC: its redirection entries, and the rules by which an input becomes a message (82093AA). An input is high
 * while a device asserts it; the polarity bit describes the wire and does not invert that.
 */
export class IoApicCore {
  readonly #send: Send;
  readonly #low = new Uint32Array(IO_APIC_INPUTS);
  readonly #destination = new Uint8Array(IO_APIC_INPUTS);
  /** Bit n: level of input n. */
  #lines = 0;
  #id = 0;
  /** The register select. */
  index = 0;
  /** Messages that were sent for each input. */
  readonly sent = new Uint32Array(IO_APIC_INPUTS);

  constructor(send: Send) {
    this.#send = send;
    this.reset();
  }

  /** Drives an input, 0 to 23. */
  setLine(input: number, level: boolean): void {
    const bit = 1 << input;
    const rose = level && (this.#lines & bit) === 0;
    this.#lines = level ? this.#lines | bit : this.#lines & ~bit;
    if (rose && !this.#isLevel(input)) this.#deliver(input);
    else this.#service(input);
  }

  /** A level-triggered interrupt has ended: inputs that are still asserted interrupt again. */
  endOfInterrupt(vector: number): void {
    for (let input = 0; input < IO_APIC_INPUTS; input++) {
      const entry = this.#entry(input);
      if ((entry & REMOTE_IRR) === 0 || (entry & VECTOR_MASK) !== vector) continue;
      this.#low[input] = entry & ~REMOTE_IRR;
      this.#service(input);
    }
  }

  /** The register that `index` selects. Those that do not exist read as 0. */
  read(): number {
    const { index } = this;
    if (index >= FIRST_ENTRY) return this.#readEntry((index - FIRST_ENTRY) >>> 1, (index & 1) !== 0);
    if (index === VERSION_INDEX) return VERSION;
    return index === ID || index === ARBITRATION ? this.#id << ID_SHIFT : 0;
  }

  write(value: number): void {
    const { index } = this;
    if (index >= FIRST_ENTRY) this.#writeEntry((index - FIRST_ENTRY) >>> 1, (index & 1) !== 0, value);
    else if (index === ID) this.#id = (value >>> ID_SHIFT) & 0xf;
  }

  /** All entries are masked and else 0. The lines belong to their devices. */
  reset(): void {
    this.#low.fill(MASKED);
    this.#destination.fill(0);
    this.sent.fill(0);
    this.#id = 0;
    this.index = 0;
  }

  save(): Json {
    return {
      id: this.#id,
      index: this.index,
      low: [...this.#low],
      destination: [...this.#destination],
      lines: this.lines(),
    };
  }

  /**
   * Checks what {@link IoApicCore.save} gave, and changes nothing.
   *
   * @returns a function that restores it and cannot fail.
   * @throws VdevStateError
   */
  decode(value: unknown): () => void {
    const saved = requireObject(value, ['id', 'index', 'low', 'destination', 'lines'], 'The state of the I/O APIC');
    const id = requireUnsigned(saved.id, 0xf, 'id');
    const index = requireUnsigned(saved.index, 0xff, 'index');
    const low = requireWords(saved.low, IO_APIC_INPUTS, () => WRITABLE | REMOTE_IRR, 'low');
    const destination = requireWords(saved.destination, IO_APIC_INPUTS, () => 0xff, 'destination');
    const lines = requireList(saved.lines, IO_APIC_INPUTS, 'lines').map((line, input) =>
      requireBoolean(line, `lines[${input}]`),
    );
    requireThat(
      low.every((entry) => (entry & REMOTE_IRR) === 0 || isLevel(entry)),
      'low has the remote IRR of an interrupt that is not level-triggered',
    );
    return () => {
      this.#id = id;
      this.index = index;
      this.#low.set(low);
      this.#destination.set(destination);
      this.#lines = lines.reduce((bits, line, input) => bits | (Number(line) << input), 0);
    };
  }

  /** The levels of the inputs. */
  lines(): readonly boolean[] {
    return Array.from({ length: IO_APIC_INPUTS }, (_, input) => ((this.#lines >>> input) & 1) !== 0);
  }

  /** The entry of an input in a few words. */
  state(input: number): string {
    const entry = this.#entry(input);
    if ((entry & MASKED) !== 0) return 'I/O APIC masked';
    const trigger = isLevel(entry) ? 'level' : 'edge';
    return `I/O APIC vector 0x${(entry & VECTOR_MASK).toString(16)}, ${trigger}${entry & REMOTE_IRR ? ', in service' : ''}`;
  }

  /** The entries for people. */
  describe(): Json {
    const lines = this.lines();
    return Array.from(this.#low, (entry, input) => ({
      input,
      vector: entry & VECTOR_MASK,
      mode: DeliveryMode[deliveryMode(entry)] ?? 'reserved',
      trigger: (entry & LEVEL) !== 0 ? 'level' : 'edge',
      masked: (entry & MASKED) !== 0,
      remoteIrr: (entry & REMOTE_IRR) !== 0,
      destination: this.#destination[input] ?? 0,
      asserted: lines[input] === true,
      sent: this.sent[input] ?? 0,
    }));
  }

  #readEntry(input: number, high: boolean): number {
    if (input >= IO_APIC_INPUTS) return 0;
    return high ? ((this.#destination[input] ?? 0) << DESTINATION_SHIFT) >>> 0 : this.#entry(input);
  }

  #writeEntry(input: number, high: boolean, value: number): void {
    if (input >= IO_APIC_INPUTS) return;
    if (high) this.#destination[input] = value >>> DESTINATION_SHIFT;
    else {
      // A change to edge-triggered clears the remote IRR: drivers of old I/O APICs end interrupts so.
      const kept = isLevel(value) ? this.#entry(input) & REMOTE_IRR : 0;
      this.#low[input] = (value & WRITABLE) | kept;
      this.#service(input);
    }
  }

  /** Sends the message of a level-triggered input that is asserted, unless the last one has not ended. */
  #service(input: number): void {
    const due = ((this.#lines >>> input) & 1) !== 0 && (this.#entry(input) & REMOTE_IRR) === 0;
    if (!due || !this.#isLevel(input)) return;
    if (this.#deliver(input)) this.#low[input] = this.#entry(input) | REMOTE_IRR;
  }

  /** Returns whether a local APIC has accepted the message. */
  #deliver(input: number): boolean {
    const entry = this.#entry(input);
    if ((entry & MASKED) !== 0) return false;
    this.sent[input] = (this.sent[input] ?? 0) + 1;
    const message = (entry & MESSAGE_MASK) | ASSERT;
    return this.#send(
      isLevel(entry) ? message : message & ~LEVEL,
      shortDestination(this.#destination[input] ?? 0, entry),
    );
  }

  #isLevel(input: number): boolean {
    return isLevel(this.#entry(input));
  }

  #entry(input: number): number {
    return this.#low[input] ?? 0;
  }
}

/** Only fixed and lowest-priority interrupts can be level-triggered (82093AA, 3.2.4). */
function isLevel(entry: number): boolean {
  return (entry & LEVEL) !== 0 && deliveryMode(entry) <= Number(DeliveryMode.LowestPriority);
}
