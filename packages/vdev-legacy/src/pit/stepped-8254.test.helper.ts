/** Digits of a count, decimal or hexadecimal, stepped as the hardware does: the oracle does not compute. */
function decrement(count: number, bcd: boolean): number {
  if (!bcd) return (count - 1) & 0xffff;
  for (let shift = 0; shift < 16; shift += 4) {
    if (((count >>> shift) & 0xf) !== 0) return (count - (1 << shift)) | 0;
    count |= 9 << shift;
  }
  return count;
}

/**
 * A counter of the Intel 8254, stepped CLK by CLK as the "Mode definitions" of its data sheet (231164) tell it. Counts
 * are in the representation of the chip, binary or decimal.
 */
export class SteppedCounter {
  out = false;
  nullCount = true;
  /** Rising edges of OUT. */
  rises = 0;
  /** The counting element; undefined until a count was loaded. */
  count: number | undefined;
  #mode = 0;
  #bcd = false;
  #register = 0;
  #written = false;
  #load = false;
  #stopped = false;
  #expired = false;
  #gate = true;

  program(mode: number, bcd: boolean): void {
    this.#mode = mode;
    this.#bcd = bcd;
    this.#written = false;
    this.#load = false;
    this.#stopped = false;
    this.count = undefined;
    this.nullCount = true;
    this.#set(mode !== 0);
  }

  firstByte(): void {
    if (this.#mode !== 0) return;
    this.#stopped = true;
    this.#set(false);
  }

  write(count: number): void {
    this.#register = count;
    this.#written = true;
    this.nullCount = true;
    this.#stopped = false;
    if (this.#mode === 0) this.#set(false);
    if (this.#mode === 0 || this.#mode === 4) this.#load = true;
    if ((this.#mode === 2 || this.#mode === 3) && this.count === undefined) this.#load = true;
  }

  gate(level: boolean): void {
    if (level && !this.#gate && [1, 2, 3, 5].includes(this.#mode) && this.#written) this.#load = true;
    if (!level && (this.#mode === 2 || this.#mode === 3)) this.#set(true);
    this.#gate = level;
  }

  clk(): void {
    if ((this.#mode === 4 || this.#mode === 5) && !this.out) this.#set(true);
    if (this.#load) {
      this.#load = false;
      this.#expired = false;
      this.#transfer();
      if (this.#mode === 1) this.#set(false);
      if (this.#mode === 3) this.#set(true);
      return;
    }
    const enabled = this.#mode === 1 || this.#mode === 5 || this.#gate;
    if (this.count === undefined || this.#stopped || !enabled) return;
    if (this.#mode === 2) this.#rate(this.count);
    else if (this.#mode === 3) this.#square(this.count);
    else this.#once(this.count);
  }

  #once(count: number): void {
    this.count = decrement(count, this.#bcd);
    if (this.count !== 0 || this.#expired) return;
    this.#expired = true;
    this.#set(this.#mode < 2);
  }

  #rate(count: number): void {
    if (count === 1) {
      this.#transfer();
      this.#set(true);
      return;
    }
    this.count = decrement(count, this.#bcd);
    if (this.count === 1) this.#set(false);
  }

  #square(count: number): void {
    const extra = this.#odd && this.out;
    if (!extra || count !== 0) {
      this.count = decrement(decrement(count, this.#bcd), this.#bcd);
      if (extra || this.count !== 0) return;
    }
    this.#transfer();
    this.#set(!this.out);
  }

  #odd = false;

  #transfer(): void {
    this.nullCount = false;
    this.#odd = (this.#register & 1) === 1;
    this.count = this.#mode === 3 && this.#odd ? decrement(this.#register, this.#bcd) : this.#register;
  }

  #set(level: boolean): void {
    if (level && !this.out) this.rises++;
    this.out = level;
  }
}
