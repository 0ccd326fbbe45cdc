import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { guestCacheDirectory, guestSuite } from './environment.js';
import { GuestFetchError } from './errors.js';

describe('guestCacheDirectory', () => {
  it.each([
    [{ QVM_GUESTS: '/g', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/g'],
    [{ QVM_GUESTS: 'rel' }, resolve('rel')],
    [{ QVM_GUESTS: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/qvm/guests'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/h' }, '/h/.cache/qvm/guests'],
    [{ HOME: '/h' }, '/h/.cache/qvm/guests'],
    [{}, `${homedir()}/.cache/qvm/guests`],
  ])('of %j is %s', (env, expected) => {
    expect(guestCacheDirectory(env)).toBe(expected);
  });
});

describe('guestSuite', () => {
  it('is bookworm unless told otherwise', () => {
    expect(guestSuite({})).toBe('bookworm');
    expect(guestSuite({ QVM_GUEST_SUITE: 'trixie' })).toBe('trixie');
  });

  it('takes no regular expression', () => {
    expect(() => guestSuite({ QVM_GUEST_SUITE: '.*' })).toThrow(GuestFetchError);
  });
});
