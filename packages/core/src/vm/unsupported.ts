/**
 * A kind of unsupported feature that a guest uses: an instruction, an unmapped guest-physical address, a system register.
 *
 * @experimental
 */
export type UnsupportedKind = 'instruction' | 'reference' | 'register';

/**
 * The reaction. `fail`: the guest gets the exception that the architecture has for it. `ignore`: it goes on after the
 * instruction; what is read is all ones. `abort`: its VM ends, exit code 5.
 *
 * @experimental
 */
export type UnsupportedPolicy = 'abort' | 'fail' | 'ignore';

/**
 * A policy for each kind.
 *
 * @experimental
 */
export type UnsupportedPolicies = Readonly<Record<UnsupportedKind, UnsupportedPolicy>>;

/**
 * The default: the behaviour of hardware.
 *
 * @experimental
 */
export const DEFAULT_UNSUPPORTED: UnsupportedPolicies = { instruction: 'fail', reference: 'fail', register: 'fail' };
