import type { CharacterBackend } from '@qvm/core/services';
import type { CharacterBackendFactory } from './character-backends.js';

const NOTHING = new Uint8Array(0);

/**
 * A back end that discards output and never has input.
 *
 * @experimental
 */
export function openNullBackend(): CharacterBackend {
  return {
    available: 0,
    write: () => undefined,
    read: () => NOTHING,
    onInput: () => undefined,
    flush: () => undefined,
    close: () => undefined,
  };
}

/** The designator `null`. */
export const nullBackend: CharacterBackendFactory = {
  scheme: 'null',
  description: 'Output goes nowhere, input never comes',
  open: openNullBackend,
};
