/** Labels and locals of the function that contains the handlers. @internal */
export interface RunFrame {
  readonly cpu: number;
  /** Address of the current record. */
  readonly ip: number;
  /** Instructions left. */
  readonly left: number;
  /** Reason of the return. */
  readonly reason: number;
  /** The pc to which control is transferred. */
  readonly target: number;
  /** Label: next instruction. */
  readonly next: number;
  /** Label: `ip` was set by a jump or a loop, so a region may begin there. */
  readonly enter: number;
  /** Label: continue at the pc in `target`. */
  readonly transfer: number;
  /** Label: return with `reason`. */
  readonly exit: number;
  /** Label: return with a fault, the instruction not executed. */
  readonly abort: number;
}
