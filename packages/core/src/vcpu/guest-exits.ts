import { hostNanoseconds } from '../clock/host-time.js';
import type { Clock } from '../clock/clock.js';
import { requireKind, type KindDescriptions } from '../hooks/kinds.js';
import { hasTaps } from '../hooks/tappable.js';
import type { DeviceAccessDetails, GuestExitEvent, VcpuHooks } from '../hooks/vcpu-hooks.js';
import { INSPECT } from './inspection.js';
import type { VcpuView } from './vcpu-view.js';

/**
 * Number and duration of a vCPU's exits with one cause.
 *
 * @experimental
 */
export interface ExitTotals {
  /** Number of exits. */
  readonly count: number;
  /** Number of measured exits. Absent: none. */
  readonly timed?: number;
  /** Host time of the measured exits in nanoseconds. Absent: none was measured. */
  readonly time?: number;
}

/** Running totals of one cause. */
interface ExitCounter {
  count: number;
  timed: number;
  time: number;
}

/** The vCPU whose exits are counted. */
type ExitingVcpu = VcpuView & { readonly hooks: VcpuHooks };

/** The event of both hooks, reused so that exits do not allocate. Each vCPU has one. */
class ReusedExitEvent implements GuestExitEvent {
  cause = '';
  vdev: string | undefined;
  syndrome = 0;
  timestamp = 0;
  access: DeviceAccessDetails | undefined;

  constructor(
    readonly vcpu: VcpuView,
    private readonly clock: Clock,
  ) {}

  get instructions(): number {
    return this.vcpu.instructions;
  }

  get time(): number {
    return this.clock.now();
  }

  /** Its members for `util.inspect`, without the clock. */
  [INSPECT](): object {
    const { vcpu, cause, vdev, instructions, time, timestamp, syndrome, access } = this;
    return { vcpu, cause, vdev, instructions, time, timestamp, syndrome, access };
  }
}

/**
 * The switches between guest and hypervisor of one vCPU: counted by cause, announced to tapped hooks, and timed while
 * they are tapped. Times are consistent: the turns of a vCPU are exactly its guest time plus the time of its exits,
 * measured with the timestamps that the hooks get.
 *
 * @experimental
 */
export class GuestExits {
  readonly #vcpu: ExitingVcpu;
  readonly #event: ReusedExitEvent;
  readonly #access = { address: 0, offset: 0, width: 4, write: false, value: 0, high: 0 };
  #deviceCause = 'mmio';
  readonly #causes: readonly string[];
  readonly #totals = new Map<string, ExitCounter>();
  #guestTime = 0;
  /** Start of the current interval, which is in the guest or in an exit. */
  #since = 0;
  /** The exit that the vCPU is in. A wait for an interrupt continues from turn to turn. */
  #open: ExitCounter | undefined;

  /** @param causes - all causes: the architecture's `hookKinds.guestExit`. */
  constructor(vcpu: ExitingVcpu, clock: Clock, causes: KindDescriptions) {
    this.#vcpu = vcpu;
    this.#causes = Object.keys(causes);
    this.#event = new ReusedExitEvent(vcpu, clock);
  }

  /** Host time in guest code, in nanoseconds. Exits without taps count as guest time. */
  get guestTime(): number {
    return this.#guestTime;
  }

  /** Starts a turn of the vCPU, at a host time in nanoseconds. */
  begin(timestamp: number): void {
    this.#since = timestamp;
  }

  /** Ends the turn. */
  end(timestamp: number): void {
    this.#account(timestamp);
  }

  /**
   * Announces an exit from the guest.
   *
   * @param cause - one of the architecture's causes; others throw a `QvmError` `hook.kind`.
   * @param syndrome - the architecture's exception syndrome, as the hypervisor would read it (Arm: `ESR_EL2`).
   */
  leave(cause: string, syndrome: number): void {
    this.#leave(cause, syndrome, undefined, undefined);
  }

  /**
   * Counts an exit that is not announced, and whose time counts as guest time: only while {@link GuestExits.watched} is
   * false.
   */
  count(cause: string): void {
    this.#totalsOf(cause).count++;
  }

  /** Whether exits are announced to a tap. */
  get watched(): boolean {
    const { guestExit, guestEntrance } = this.#vcpu.hooks;
    return hasTaps(guestExit) || hasTaps(guestEntrance);
  }

  /** Announces that the guest continues after `leave`. */
  enter(cause: string): void {
    if (this.#open === undefined) return;
    const { guestEntrance } = this.#vcpu.hooks;
    const event = this.#event;
    event.timestamp = hostNanoseconds();
    this.#account(event.timestamp);
    this.#open = undefined;
    event.cause = cause;
    if (hasTaps(guestEntrance)) guestEntrance.call(event);
  }

  /**
   * {@link leave} for an access to a device register.
   *
   * @param value - the low 32 bits of the written value; `undefined` for a read.
   * @param high - bits 63–32 of the value of a 64-bit write.
   * @param cause - `mmio`, or `io` for an I/O port.
   */
  leaveToDevice(
    vdev: string,
    syndrome: number,
    address: number,
    offset: number,
    width: number,
    value: number | undefined,
    high = 0,
    cause: 'mmio' | 'io' = 'mmio',
  ): void {
    const access = this.#access;
    access.address = address;
    access.offset = offset;
    access.width = width;
    access.write = value !== undefined;
    access.value = value ?? 0;
    access.high = high;
    this.#deviceCause = cause;
    this.#leave(cause, syndrome, vdev, access);
  }

  /** {@link enter} after {@link leaveToDevice}; `value` and `high` are the value that was read or written. */
  enterFromDevice(value: number, high = 0): void {
    this.#access.value = value;
    this.#access.high = high;
    this.enter(this.#deviceCause);
  }

  /** Exits so far, by cause. */
  totals(): Readonly<Record<string, ExitTotals>> {
    return Object.fromEntries(
      [...this.#totals].map(([cause, { count, timed, time }]) => [
        cause,
        timed === 0 ? { count } : { count, timed, time },
      ]),
    );
  }

  /** Counts of exits so far, by cause. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#totals].map(([cause, { count }]) => [cause, count]));
  }

  #leave(cause: string, syndrome: number, vdev: string | undefined, access: DeviceAccessDetails | undefined): void {
    const totals = this.#totalsOf(cause);
    totals.count++;
    const { guestExit, guestEntrance } = this.#vcpu.hooks;
    const watched = hasTaps(guestExit);
    if (!watched && !hasTaps(guestEntrance)) return;
    const event = this.#event;
    event.timestamp = hostNanoseconds();
    this.#account(event.timestamp);
    this.#open = totals;
    totals.timed++;
    event.cause = cause;
    event.vdev = vdev;
    event.syndrome = syndrome;
    event.access = access;
    if (watched) guestExit.call(event);
  }

  /** Adds the interval that ends now to the guest time or to the open exit. */
  #account(timestamp: number): void {
    const passed = timestamp - this.#since;
    if (this.#open === undefined) this.#guestTime += passed;
    else this.#open.time += passed;
    this.#since = timestamp;
  }

  #totalsOf(cause: string): ExitCounter {
    const known = this.#totals.get(cause);
    if (known !== undefined) return known;
    requireKind('guestExit', cause, this.#causes);
    const totals = { count: 0, timed: 0, time: 0 };
    this.#totals.set(cause, totals);
    return totals;
  }
}
