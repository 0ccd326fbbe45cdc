import { option } from '@qvm/core/options';

/** The host's end of a serial line. */
export const hostdevOption = option.character({
  description: 'Back end of the characters: stdio, null, pty, file:PATH, tcp:HOST:PORT, …',
  default: 'stdio',
});
