// Pictures to upload: drawn by a browser, so that they are files like people's.

/** A JPEG drawn on a canvas: white in the upper left corner, red above, blue below. */
export async function jpeg(page, width, height) {
  const base64 = await page.evaluate(([width, height]) => {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    const pen = canvas.getContext('2d')
    const fill = (colour, x, y, wide, high) => {
      pen.fillStyle = colour
      pen.fillRect(x, y, wide, high)
    }
    fill('#d82020', 0, 0, width, height / 2)
    fill('#2020d8', 0, height / 2, width, height / 2)
    fill('#ffffff', 0, 0, width / 4, height / 4)
    return canvas.toDataURL('image/jpeg', 0.92).split(',')[1]
  }, [width, height])
  return Buffer.from(base64, 'base64')
}

/** The same file with EXIF that says how to turn it, and where it was taken. */
export function turned(file, orientation) {
  const exif = Buffer.concat([
    Buffer.from('Exif\0\0MM\0\x2a\0\0\0\x08\0\x02', 'latin1'),
    Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]),
    Buffer.from([0x01, 0x0e, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38, 0, 0, 0, 0]),
    Buffer.from('secret place', 'latin1'),
  ])
  const head = Buffer.from([0xff, 0xe1, 0, 0])
  head.writeUInt16BE(exif.length + 2, 2)
  return Buffer.concat([file.subarray(0, 2), head, exif, file.subarray(2)])
}

/** What colour a picture on a page has at a place between 0 and 1, as it is shown. */
export function colourAt(image, x, y) {
  return image.evaluate(async (element, [x, y]) => {
    element.loading = 'eager'
    await element.decode()
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: element.naturalWidth, height: element.naturalHeight })
    const pen = canvas.getContext('2d')
    pen.drawImage(element, 0, 0)
    const at = [Math.floor(x * (canvas.width - 1)), Math.floor(y * (canvas.height - 1))]
    const [red, green, blue] = pen.getImageData(...at, 1, 1).data
    if (red > 150 && green > 150 && blue > 150) return 'white'
    return red > 150 ? 'red' : blue > 150 ? 'blue' : 'other'
  }, [x, y])
}
