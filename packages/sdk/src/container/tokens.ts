import { createToken, type Logger, type Token } from '@qvm/core';

/**
 * The logger of the hypervisor and its VMs. A plugin that provides one (host scope) replaces the default, which
 * discards all messages.
 *
 * @experimental
 */
export const LOGGER: Token<Logger> = createToken('@qvm/sdk/Logger');
