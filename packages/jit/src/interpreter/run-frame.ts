/** Labels and locals of the function that the handlers live in. @internal */
export interface RunFrame {
  readonly cpu: number;
  /** Address of the current record. */
  readonly ip: number;
  /** Instructions left. */
  readonly left: number;
  /** Why the function returns. */
  readonly reason: number;
  /** The pc of a transfer of control. */
  readonly target: number;
  /** Label: next instruction. */
  readonly next: number;
  /** Label: `ip` was set by a jump or a loop: perhaps a region begins here. */
  readonly enter: number;
  /** Label: go on at the pc in `target`. */
  readonly transfer: number;
  /** Label: return with `reason`. */
  readonly exit: number;
  /** Label: return with a fault, the instruction undone. */
  readonly abort: number;
}
