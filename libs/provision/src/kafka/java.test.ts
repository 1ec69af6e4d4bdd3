import { expect, test } from '@jest/globals';
import { javaProgram, javaVersion } from './java.ts';

test('reads the version of Java in its several spellings', () => {
  expect(javaVersion('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment')).toBe(17);
  expect(javaVersion('java version "1.8.0_402"')).toBe(8);
  expect(javaVersion('openjdk version "25-ea" 2025-09-16')).toBe(25);
  expect(javaVersion('command not found')).toBeUndefined();
});

test('prefers the Java of JAVA_HOME', () => {
  expect(javaProgram({})).toBe('java');
  expect(javaProgram({ JAVA_HOME: '/opt/jdk' })).toBe('/opt/jdk/bin/java');
});
