/** Where the target of a direct branch lies: later in the page, earlier, or in another page. @internal */
export enum Reach {
  Ahead,
  Behind,
  Far,
}

/** Number of {@link Reach} values. @internal */
export const REACHES = 3;
