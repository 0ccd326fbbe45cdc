/** Granularity in milliseconds of the order of stations, so that a busy one is not moved for each frame. */
const ORDER_GRAIN = 1000;

interface Station<Port> {
  port: Port;
  /** Time of its last frame in milliseconds. */
  heard: number;
}

/**
 * The locations of stations (802.1Q, 8.8, the filtering database): by VLAN and address, learned from the frames that
 * they send, removed after silence. When it is full, the station of the same VLAN that has been silent longest is
 * removed: a flood of invented addresses costs that VLAN its learning, but no memory.
 */
export class ForwardingTable<Port> {
  readonly #limit: number;
  readonly #ageing: number;
  /** By VLAN and address; stations in the order of their last frame, oldest first. No VLAN is empty. */
  readonly #vlans = new Map<number, Map<number, Station<Port>>>();
  #size = 0;

  /**
   * @param limit - largest number of stations.
   * @param ageing - milliseconds of silence after which a station is removed.
   */
  constructor(limit: number, ageing: number) {
    this.#limit = limit;
    this.#ageing = ageing;
  }

  /** Number of stations, including those that will be removed at their next use. */
  get size(): number {
    return this.#size;
  }

  learn(vlan: number, address: number, port: Port, now: number): void {
    const known = this.#vlans.get(vlan)?.get(address);
    if (known !== undefined && now - known.heard < ORDER_GRAIN) {
      known.port = port;
      return;
    }
    this.#forget(vlan, address);
    if (this.#size >= this.#limit) this.#makeRoom(vlan);
    this.#add(vlan, address, { port, heard: now });
  }

  find(vlan: number, address: number, now: number): Port | undefined {
    const station = this.#vlans.get(vlan)?.get(address);
    if (station === undefined) return undefined;
    if (now - station.heard <= this.#ageing) return station.port;
    this.#forget(vlan, address);
    return undefined;
  }

  /** Removes the stations of a port. */
  forgetPort(port: Port): void {
    for (const [vlan, stations] of this.#vlans) {
      for (const [address, station] of stations) if (station.port === port) this.#forget(vlan, address);
    }
  }

  /** The stations that have not aged out. */
  *entries(now: number): Generator<{ readonly vlan: number; readonly address: number; readonly port: Port }> {
    for (const [vlan, stations] of this.#vlans) {
      for (const [address, { port, heard }] of stations) if (now - heard <= this.#ageing) yield { vlan, address, port };
    }
  }

  #add(vlan: number, address: number, station: Station<Port>): void {
    const stations = this.#vlans.get(vlan) ?? new Map<number, Station<Port>>();
    stations.set(address, station);
    this.#vlans.set(vlan, stations);
    this.#size++;
  }

  #forget(vlan: number, address: number): void {
    const stations = this.#vlans.get(vlan);
    if (stations?.delete(address) !== true) return;
    this.#size--;
    if (stations.size === 0) this.#vlans.delete(vlan);
  }

  #makeRoom(vlan: number): void {
    const crowded = this.#vlans.has(vlan) ? vlan : this.#largestVlan();
    const oldest = this.#vlans.get(crowded)?.keys().next();
    if (oldest?.done === false) this.#forget(crowded, oldest.value);
  }

  #largestVlan(): number {
    let largest = 0;
    let size = 0;
    for (const [vlan, stations] of this.#vlans) {
      if (stations.size > size) [largest, size] = [vlan, stations.size];
    }
    return largest;
  }
}
