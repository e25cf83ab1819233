//! Files to and from pages, print and pictures.

use kollega::browser::Target;

use super::desk::Desk;

#[tokio::test]
async fn a_file_is_uploaded_through_a_hidden_field() {
    let mut desk = Desk::at("files.html").await;
    let file = desk.folder.path().join("intyg.txt");
    std::fs::write(&file, "tolv tecken!").unwrap();
    desk.session.upload(&[Target::field("Bilaga")], &file, false).await.unwrap();
    desk.click(Target::button("Skicka")).await;
    desk.sees("intyg.txt 12").await;
    desk.end().await;
}

#[tokio::test]
async fn a_download_is_whole_when_it_is_handed_over() {
    let mut desk = Desk::at("files.html").await;
    let (first, _) = desk.session.download(&[Target::link("Hämta beslut")], false).await.unwrap();
    assert_eq!(std::fs::read(&first).unwrap().len(), 100_000);
    assert_eq!(first.file_name().unwrap(), "beslut.pdf");
    let (second, _) = desk.session.download(&[Target::link("Hämta beslut")], false).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(std::fs::read(&second).unwrap().len(), 100_000);
    desk.end().await;
}

#[tokio::test]
async fn a_page_is_printed_to_pdf() {
    let mut desk = Desk::at("legacy.html").await;
    let pdf = desk.session.print_pdf().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    desk.end().await;
}

#[tokio::test]
async fn personal_values_are_covered_in_the_picture_and_the_page_is_left_as_it_was() {
    let mut desk = Desk::at("personal.html").await;
    let before = desk.session.text_of_page().await.unwrap();
    let values = ["tolvan tolvansson".to_owned(), "6200".to_owned()];
    let open = desk.session.screenshot(&[], &[]).await.unwrap();
    let shot = desk.session.screenshot(&[Target::css("#m")], &values).await.unwrap();
    // Where the name, the field, the masked text and the name in a frame stand; then what is open.
    for (x, y) in [(200, 60), (60, 130), (52, 260), (100, 310)] {
        assert_ne!(pixel(&open, x, y), [0, 0, 0], "there is something to cover at {x},{y}");
        assert_eq!(pixel(&shot, x, y), [0, 0, 0], "it is covered at {x},{y}");
    }
    assert_eq!(pixel(&shot, 52, 222), pixel(&open, 52, 222));
    assert_eq!(desk.session.text_of_page().await.unwrap(), before);
    desk.end().await;
}

pub fn pixel(picture: &[u8], x: usize, y: usize) -> [u8; 3] {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let at = y * info.line_size + x * info.color_type.samples();
    [pixels[at], pixels[at + 1], pixels[at + 2]]
}
