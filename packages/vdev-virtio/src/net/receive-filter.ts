import { type Json } from '@qvm/core';
import { isGroupMac, macAt } from '@qvm/core/services';
import { requireBoolean, requireObject, requireUnsignedArray } from '@qvm/core/vdev';

/** Largest number of addresses in each of the driver's two tables; with more, the filter passes all addresses. */
export const TABLE_LIMIT = 64;
const VLANS = 4096;
const HIGHEST_MAC = 0xffff_ffff_ffff;
const TPID = 0x8100;
const SWITCHES = ['promiscuous', 'allMulticast', 'allUnicast', 'noMulticast', 'noUnicast', 'noBroadcast'] as const;

/** One of the filter's boolean settings (VirtIO 1.2, 5.1.6.5.1). */
export type FilterSwitch = (typeof SWITCHES)[number];

/** The filter before the driver configures it, which passes everything. */
const POWER_ON: Readonly<Record<FilterSwitch, boolean>> = {
  promiscuous: true,
  allMulticast: false,
  allUnicast: false,
  noMulticast: false,
  noUnicast: false,
  noBroadcast: false,
};

/** A validated state, for `load`. */
export interface SavedFilter {
  readonly switches: readonly boolean[];
  readonly unicast: readonly number[] | undefined;
  readonly multicast: readonly number[] | undefined;
  readonly vlans: readonly number[];
}

/** Selects the arriving frames that the driver wants. */
export class ReceiveFilter {
  readonly #switches: Record<FilterSwitch, boolean> = { ...POWER_ON };
  /** `undefined` if there are more than fit, in which case all addresses pass. */
  #unicast: ReadonlySet<number> | undefined = new Set();
  #multicast: ReadonlySet<number> | undefined = new Set();
  readonly #vlans = new Set<number>();

  reset(): void {
    Object.assign(this.#switches, POWER_ON);
    this.#unicast = new Set();
    this.#multicast = new Set();
    this.#vlans.clear();
  }

  set(name: FilterSwitch, on: boolean): void {
    this.#switches[name] = on;
  }

  /** Replaces both address tables; `undefined` for one that is too long. */
  setTables(unicast: readonly number[] | undefined, multicast: readonly number[] | undefined): void {
    this.#unicast = unicast && new Set(unicast);
    this.#multicast = multicast && new Set(multicast);
  }

  /** Adds or removes a VLAN whose frames pass. */
  setVlan(vlan: number, on: boolean): void {
    if (on) this.#vlans.add(vlan);
    else this.#vlans.delete(vlan);
  }

  /**
   * @param mac - the device's own address.
   * @param byVlan - whether CTRL_VLAN was negotiated.
   */
  accepts(frame: Uint8Array, mac: number, byVlan: boolean): boolean {
    if (this.#switches.promiscuous) return true;
    return (!byVlan || this.#acceptsVlan(frame)) && this.#acceptsAddress(frame, mac);
  }

  save(): Json {
    return {
      ...this.#switches,
      unicast: this.#unicast === undefined ? null : [...this.#unicast],
      multicast: this.#multicast === undefined ? null : [...this.#multicast],
      vlans: [...this.#vlans],
    };
  }

  load({ switches, unicast, multicast, vlans }: SavedFilter): void {
    this.reset();
    SWITCHES.forEach((name, index) => this.set(name, switches[index] === true));
    this.setTables(unicast, multicast);
    for (const vlan of vlans) this.setVlan(vlan, true);
  }

  #acceptsVlan(frame: Uint8Array): boolean {
    const tagged = frame.length >= 16 && (((frame[12] ?? 0) << 8) | (frame[13] ?? 0)) === TPID;
    return !tagged || this.#vlans.has((((frame[14] ?? 0) & 0xf) << 8) | (frame[15] ?? 0));
  }

  #acceptsAddress(frame: Uint8Array, mac: number): boolean {
    const { allMulticast, allUnicast, noMulticast, noUnicast, noBroadcast } = this.#switches;
    const to = macAt(frame, 0);
    if (to === HIGHEST_MAC) return !noBroadcast;
    if (isGroupMac(frame)) return !noMulticast && (allMulticast || (this.#multicast?.has(to) ?? true));
    return !noUnicast && (allUnicast || to === mac || (this.#unicast?.has(to) ?? true));
  }
}

/**
 * Validates the result of `save`.
 *
 * @throws VdevStateError
 */
export function decodeFilter(state: unknown): SavedFilter {
  const saved = requireObject(state, [...SWITCHES, 'unicast', 'multicast', 'vlans'], 'filter');
  return {
    switches: SWITCHES.map((name) => requireBoolean(saved[name], name)),
    unicast: decodeTable(saved.unicast, 'unicast'),
    multicast: decodeTable(saved.multicast, 'multicast'),
    vlans: requireUnsignedArray(saved.vlans, VLANS, VLANS - 1, 'vlans'),
  };
}

function decodeTable(table: unknown, what: string): readonly number[] | undefined {
  return table === null ? undefined : requireUnsignedArray(table, TABLE_LIMIT, HIGHEST_MAC, what);
}
