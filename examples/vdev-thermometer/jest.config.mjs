/** Tests run compiled, in plain worker threads: jest's own sandbox makes VMs slow. */
export default {
  runner: 'jest-light-runner',
  transform: {},
  testMatch: ['<rootDir>/dist/**/*.test.js'],
};
