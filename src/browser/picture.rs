//! Pictures of the page and the page as PDF.
//!
//! Personal values are covered in the picture, not in the page: a page is never changed for a picture's sake. When it
//! can't be told where they are, there is no picture.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::find::judge;
use super::remote::Command;
use super::session::Session;
use super::target::Target;

/// A rectangle in pixels of the picture.
type Area = [usize; 4];

impl Session {
    /// The page as a person would print it.
    pub async fn print_pdf(&mut self) -> Result<Vec<u8>, Error> {
        let limit = self.limit();
        let sent = self.send(Command::post("print", json!({"background": true})), limit).await;
        sent.and_then(|answer| decoded(&answer)).map_err(|kind| Error::new("skriva ut sidan", kind))
    }

    /// A PNG of the window with everything covered that holds one of `values`, or that a mask points at.
    pub async fn screenshot(&mut self, masks: &[Target], values: &[String]) -> Result<Vec<u8>, Error> {
        let limit = self.limit();
        self.picture(masks, values, limit).await.map_err(|kind| Error::new("ta en skärmbild", kind))
    }

    async fn picture(&mut self, masks: &[Target], values: &[String], limit: Limit) -> Result<Vec<u8>, ErrorKind> {
        let all: Vec<&Target> = self.masks.iter().chain(masks).collect();
        let request = json!({"op": "masks", "targets": all, "values": values, "fallback": true});
        let mut areas = self.areas(&request, limit).await?;
        loop {
            self.go(&[], limit).await?;
            let shot = self.send(Command::get("screenshot"), limit).await?;
            let after = self.areas(&request, limit).await?;
            // What stood still while the picture was taken is covered where it stands.
            if after == areas {
                return painted(&decoded(&shot)?, &areas);
            }
            if limit.has_passed() {
                return Err(ErrorKind::NotReady {
                    why: "sidan ändrar sig så att inget säkert går att täcka".to_owned(),
                });
            }
            areas = after;
        }
    }

    async fn areas(&mut self, request: &Value, limit: Limit) -> Result<Vec<Area>, ErrorKind> {
        let mut round = 0;
        loop {
            round += 1;
            match self.ask_in(&[], request, limit).await.and_then(judge) {
                Ok(answer) if answer["areas"].is_array() => return Ok(areas_of(&answer["areas"])),
                Ok(_) => return Err(ErrorKind::PageFault("sidan gav inget svar".to_owned())),
                Err(kind) if super::find::is_final(&kind, round) || limit.has_passed() => return Err(kind),
                Err(_) => limit.pause(round).await,
            }
        }
    }
}

fn areas_of(areas: &Value) -> Vec<Area> {
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    let area = |area: &Value| [number(&area[0]), number(&area[1]), number(&area[2]), number(&area[3])];
    areas.as_array().into_iter().flatten().map(area).collect()
}

pub(super) fn decoded(answer: &Value) -> Result<Vec<u8>, ErrorKind> {
    let text = answer.as_str().unwrap_or_default();
    STANDARD.decode(text).map_err(|_| ErrorKind::Remote("bilden gick inte att läsa".to_owned()))
}

/// The picture with these areas (left, top, right, bottom) black.
fn painted(picture: &[u8], areas: &[Area]) -> Result<Vec<u8>, ErrorKind> {
    if areas.is_empty() {
        return Ok(picture.to_vec());
    }
    let unreadable = |_| ErrorKind::Remote("bilden gick inte att läsa".to_owned());
    let mut decoder = png::Decoder::new(Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut pixels).map_err(unreadable)?;
    for area in areas {
        blacken(&mut pixels, &info, area);
    }
    encoded(&pixels, &info).map_err(|_| ErrorKind::Remote("bilden gick inte att skriva".to_owned()))
}

fn blacken(pixels: &mut [u8], info: &png::OutputInfo, [left, top, right, bottom]: &Area) {
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let alpha = matches!(info.color_type, png::ColorType::Rgba | png::ColorType::GrayscaleAlpha);
    for y in *top..(*bottom).min(height) {
        for x in *left..(*right).min(width) {
            let at = y * info.line_size + x * samples;
            pixels[at..at + samples].fill(0);
            if alpha {
                pixels[at + samples - 1] = u8::MAX;
            }
        }
    }
}

fn encoded(pixels: &[u8], info: &png::OutputInfo) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.set_depth(info.bit_depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
