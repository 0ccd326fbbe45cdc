import { matchesGlob } from './glob.js';

/**
 * The regions that a guest may create or attach to. Regions that the configuration creates are always allowed. Others
 * are refused if they match a `deny` pattern, or if there are `allow` patterns and they match none.
 */
export class Permissions {
  constructor(
    private readonly created: readonly string[],
    private readonly allow: readonly string[],
    private readonly deny: readonly string[],
  ) {}

  permits(name: string): boolean {
    const fits = (pattern: string): boolean => matchesGlob(name, pattern);
    if (this.created.includes(name)) return true;
    return !this.deny.some(fits) && (this.allow.length === 0 || this.allow.some(fits));
  }
}
