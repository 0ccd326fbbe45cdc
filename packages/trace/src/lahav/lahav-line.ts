/**
 * What a stretch of a physical CPU's time was spent on.
 *
 * @experimental
 */
export interface SegmentLabel {
  readonly kind: 'guest' | 'hypervisor' | 'idle';
  readonly vm: string;
  /** Index of the vCPU, or −1 where there is none. */
  readonly vcpu: number;
  /** Why the hypervisor works: the cause of the guest exit, `schedule` between turns of vCPUs, `host` between steps. */
  readonly cause: string;
  /** The vdev that was accessed. */
  readonly vdev: string;
  /** Whether a guest exit is where such a segment begins. */
  readonly exit: boolean;
}

/**
 * The time line of one physical CPU. Segment n is from `starts[n]` to the start of the next one, or to `end`: segments
 * tile the line, without gap or overlap, by construction. Times are nanoseconds; a segment may be empty where the clock
 * was too coarse to see it.
 *
 * @experimental
 */
export interface LahavLane {
  readonly cpu: number;
  readonly starts: Float64Array;
  /** Indices into {@link LahavLine.labels}. */
  readonly labels: Uint32Array;
  readonly end: number;
}

/**
 * A Lahav Line: for each physical CPU, when it executed which guest, and when the hypervisor, and why.
 *
 * @experimental
 */
export interface LahavLine {
  readonly lanes: readonly LahavLane[];
  readonly labels: readonly SegmentLabel[];
  /** Events that were lost while recording: around them, the line is a guess. */
  readonly lost: number;
}
