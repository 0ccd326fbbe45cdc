/**
 * The use of a physical CPU's time in a segment.
 *
 * @experimental
 */
export interface SegmentLabel {
  /** Owner of the CPU: guest code, the hypervisor, or nobody. */
  readonly kind: 'guest' | 'hypervisor' | 'idle';
  /** Name of the VM; empty for none. */
  readonly vm: string;
  /** Index of the vCPU, or −1 for none. */
  readonly vcpu: number;
  /** Why the hypervisor runs: the cause of the guest exit, `schedule` between turns of vCPUs, `host` between steps. */
  readonly cause: string;
  /** The vdev that was accessed. */
  readonly vdev: string;
  /** Whether such a segment begins with a guest exit. */
  readonly exit: boolean;
}

/**
 * The time line of one physical CPU. Segment n is from `starts[n]` to the start of the next one, or to `end`, so
 * segments cover the line without gap or overlap. Times are nanoseconds; a segment may be empty if it is shorter than
 * the clock's resolution.
 *
 * @experimental
 */
export interface LahavLane {
  /** Number of the thread that recorded. */
  readonly cpu: number;
  /** Start of each segment in nanoseconds, in ascending order; it ends where the next one starts. */
  readonly starts: Float64Array;
  /** Indices into {@link LahavLine.labels}. */
  readonly labels: Uint32Array;
  /** End of the last segment in nanoseconds. */
  readonly end: number;
}

/**
 * A Lahav Line: for each physical CPU, when it executed which guest, and when the hypervisor, and why.
 *
 * @experimental
 */
export interface LahavLine {
  /** One for each thread, by number. */
  readonly lanes: readonly LahavLane[];
  /** All labels that segments have, each once. */
  readonly labels: readonly SegmentLabel[];
  /** Number of events lost during recording; near them, the line is a guess. */
  readonly lost: number;
}
