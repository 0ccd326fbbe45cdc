import { createToken, type Logger, type Token } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';

/**
 * Parameters of an opened character back end.
 *
 * @experimental
 */
export interface CharacterBackendContext {
  /** Name of the VM. */
  readonly vm: string;
  /** Folder that relative paths are relative to. */
  readonly baseDir: string;
  /** Log of the VM. */
  readonly logger: Logger;
  /** Shows the user information that is needed to use the back end, such as the path of a PTY. */
  announce(message: string): void;
}

/**
 * A kind of character back end: opens designators `scheme` and `scheme:argument`.
 *
 * @experimental
 */
export interface CharacterBackendFactory {
  /** The word before the colon. */
  readonly scheme: string;
  /** The syntax after the colon, for help: `PATH`, for example; absent if nothing may follow. */
  readonly argument?: string;
  /** One line for people. */
  readonly description: string;
  /**
   * Refuses, for checks of configurations, arguments that `open` would refuse, as far as that can be determined
   * without opening anything. Absent: nothing is checked.
   *
   * @throws QvmError with a code of `console.`.
   */
  check?(argument: string, context: CharacterBackendContext): void;
  /**
   * @throws QvmError with a code of `console.` when it cannot be opened.
   */
  open(argument: string, context: CharacterBackendContext): CharacterBackend;
}

/**
 * The kinds of character back ends that a VM's `hostdev` options can name. Multi.
 *
 * @experimental
 */
export const CHARACTER_BACKEND: Token<CharacterBackendFactory> = createToken('@qvm/sdk/CharacterBackendFactory');
