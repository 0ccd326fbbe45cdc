import { createScriptPlugin } from '@qvm/testing';

/*
 * The scripted guests of the testing kit, on a board with a clock. They replace real guests in tests of the SDK's own
 * functions. The command line and the host load this file as a plugin.
 */
export { scriptedGuest as script } from '@qvm/testing';

/** Under the name of an architecture that configurations can name. */
export const plugin = createScriptPlugin({ implicitVdevs: ['pl031'], defaultConsole: 'pl011' });
