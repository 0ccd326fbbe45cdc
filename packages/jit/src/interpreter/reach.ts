/** Location of a direct branch's target: later in the page, earlier, or in another page. @internal */
export enum Reach {
  Ahead,
  Behind,
  Far,
}

/** Number of {@link Reach} values. @internal */
export const REACHES = 3;
