import { expect, test } from '@jest/globals';
import { engineAddresses } from './docker.ts';

test('looks for an engine where DOCKER_HOST says, and only there', () => {
  expect(engineAddresses({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toEqual(['tcp://10.0.0.1:2375']);
});

test('looks for an engine at the usual sockets', () => {
  const at = engineAddresses({ XDG_RUNTIME_DIR: '/run/user/1000' }, { platform: 'linux', home: '/home/ada' });
  expect(at).toEqual([
    'unix:///var/run/docker.sock',
    'unix:///run/user/1000/docker.sock',
    'unix:///home/ada/.docker/run/docker.sock',
    'unix:///home/ada/.docker/desktop/docker.sock',
  ]);
  expect(engineAddresses({}, { platform: 'win32', home: 'C:' })).toEqual(['npipe:////./pipe/docker_engine']);
});
