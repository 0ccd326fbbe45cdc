import { VectorSet } from './vector-set.js';

const CLASS_MASK = 0xf0;

/** The interrupts of one local APIC by vector, and the rules of their priorities (SDM 3A, 10.8.3 and 10.8.4). */
export class PriorityUnit {
  /** Accepted and not yet taken. */
  readonly irr = new VectorSet();
  /** Taken and not yet ended. */
  readonly isr = new VectorSet();
  /** Accepted by a level-triggered message: the end of the interrupt is broadcast. */
  readonly tmr = new VectorSet();
  /** How often each vector was taken. */
  readonly taken = new Uint32Array(256);
  /** Task priority, 8 bits. */
  tpr = 0;

  /** Processor priority: interrupts of its class and below wait. */
  get ppr(): number {
    const serviced = Math.max(0, this.isr.highest) & CLASS_MASK;
    return (this.tpr & CLASS_MASK) >= serviced ? this.tpr : serviced;
  }

  /** The vector that may interrupt the vCPU now; -1 when there is none. */
  get deliverable(): number {
    const vector = this.irr.highest;
    return vector >= 0 && (vector & CLASS_MASK) > (this.ppr & CLASS_MASK) ? vector : -1;
  }

  accept(vector: number, level: boolean): void {
    this.irr.add(vector);
    if (level) this.tmr.add(vector);
    else this.tmr.delete(vector);
  }

  /** Takes the deliverable interrupt and returns its vector; -1 when there is none. */
  acknowledge(): number {
    const vector = this.deliverable;
    if (vector < 0) return -1;
    this.irr.delete(vector);
    this.isr.add(vector);
    this.taken[vector] = (this.taken[vector] ?? 0) + 1;
    return vector;
  }

  /** Ends the highest interrupt in service and returns its vector; -1 when there is none. */
  end(): number {
    const vector = this.isr.highest;
    if (vector >= 0) this.isr.delete(vector);
    return vector;
  }

  reset(): void {
    for (const { words } of [this.irr, this.isr, this.tmr]) words.fill(0);
    this.taken.fill(0);
    this.tpr = 0;
  }
}
