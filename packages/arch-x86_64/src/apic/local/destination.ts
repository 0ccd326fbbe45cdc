import { BROADCAST } from '../message.js';

const FLAT = 0xf;
const CLUSTER = 0;
/** In the cluster model, this cluster means all of them. */
const ALL_CLUSTERS = 0xf;

/** The addresses of one local APIC, and the rules by which a destination selects it (SDM 3A, 10.6.2 and 10.12.10). */
export class ApicAddress {
  /** ID in x2APIC mode; bits 7–0 are the ID in xAPIC mode. */
  readonly id: number;
  /** Logical APIC ID in xAPIC mode: bits 31–24 of the register, 8 bits here. */
  logicalId = 0;
  /** Model of logical destinations: bits 31–28 of the destination format register. */
  model = FLAT;

  constructor(id: number) {
    this.id = id;
  }

  /** The logical destination register in x2APIC mode: cluster in bits 31–16, a bit of the 16 members below. */
  get x2apicLogicalId(): number {
    return (((this.id >>> 4) << 16) | (1 << (this.id & 15))) >>> 0;
  }

  matches(destination: number, logical: boolean, x2apic: boolean): boolean {
    if (destination === BROADCAST) return true;
    if (!logical) return destination === (x2apic ? this.id : this.id & 0xff);
    return x2apic ? this.#matchesX2apic(destination) : this.#matchesXapic(destination);
  }

  reset(): void {
    this.logicalId = 0;
    this.model = FLAT;
  }

  #matchesX2apic(destination: number): boolean {
    const own = this.x2apicLogicalId;
    return destination >>> 16 === own >>> 16 && (destination & own & 0xffff) !== 0;
  }

  #matchesXapic(destination: number): boolean {
    if (destination > 0xff) return false;
    if (this.model === FLAT) return (destination & this.logicalId) !== 0;
    if (this.model !== CLUSTER) return false;
    const cluster = destination >>> 4;
    const same = cluster === ALL_CLUSTERS || cluster === this.logicalId >>> 4;
    return same && (destination & this.logicalId & 0xf) !== 0;
  }
}
