// Films that ffmpeg makes for a test, and whether a browser plays one.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const INPUTS = '-v error -f lavfi -i testsrc=s=160x120:r=15:d=0.6 -f lavfi -i sine=d=0.6'

/** Half a second of a test card that moves, and of a tone, encoded as `how` says. */
export async function made(ending, how) {
  const folder = await mkdtemp(join(tmpdir(), 'phiomia-film-'))
  const path = join(folder, `film.${ending}`)
  await promisify(execFile)('ffmpeg', [...INPUTS.split(' '), ...how.split(' '), path])
  const film = await readFile(path)
  await rm(folder, { recursive: true })
  return film
}

/** Goes to its middle and lets it play: where that was, whether it went on, and how large it is. */
export function playsFromItsMiddle(film) {
  return film.evaluate(async (video) => {
    video.muted = true
    const reached = (name) => new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true })
      video.addEventListener('error', () => reject(video.error), { once: true })
      setTimeout(() => reject(new Error(`no ${name}`)), 10_000)
    })
    video.currentTime = 0.25
    await reached('seeked')
    const from = video.currentTime
    await video.play()
    await reached('timeupdate')
    return { from, goesOn: video.currentTime > from || video.ended, size: [video.videoWidth, video.videoHeight] }
  })
}
