//! Data URLs: images and files whose content is within the URL (RFC 2397).

use std::borrow::Cow;

use super::conversation::MediaSource;
use super::known::Spot;
use super::loss::Losses;
use super::text::JsonText;

/// Returns the content of a data URL; `None` for any other URL. Fails with the reason if it cannot be read.
pub(super) fn data_of<'a>(url: &JsonText<'a>) -> Result<Option<MediaSource<'a>>, &'static str> {
    let is_escaped = matches!(url, JsonText::Escaped(_));
    let (media_type, data) = match url.plain() {
        Cow::Borrowed(text) => {
            let Some((media_type, data)) = split(text)? else { return Ok(None) };
            // It has no escapes, so parts of it are written like the whole.
            let part = |text| {
                if is_escaped { JsonText::Escaped(text) } else { JsonText::of(text) }
            };
            (part(media_type), part(data))
        }
        Cow::Owned(text) => {
            let Some((media_type, data)) = split(&text)? else { return Ok(None) };
            (JsonText::made(media_type.to_owned()), JsonText::made(data.to_owned()))
        }
    };
    Ok(Some(MediaSource::Base64 { media_type, data }))
}

/// Returns where the content of the URL at this place is: in the URL itself, or elsewhere.
#[inline(never)]
pub(super) fn media_at<'a>(
    spot: &Spot<'_>,
    url: JsonText<'a>,
    losses: &mut Losses,
) -> Option<MediaSource<'a>> {
    match data_of(&url) {
        Ok(Some(source)) => Some(source),
        Ok(None) if url.plain().contains(':') => Some(MediaSource::Url(url)),
        Ok(None) => {
            spot.refuse("is neither a URL nor a data URL", losses);
            None
        }
        Err(why) => {
            spot.refuse(why, losses);
            None
        }
    }
}

/// Returns the media type of a data URL, without its parameters, and the base64.
fn split(url: &str) -> Result<Option<(&str, &str)>, &'static str> {
    let Some((scheme, rest)) = url.split_at_checked(5) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("data:") {
        return Ok(None);
    }
    let (head, data) = rest.split_once(',').ok_or("is a data URL without data")?;
    let (media, encoding) = head.rsplit_once(';').unwrap_or((head, ""));
    if !encoding.trim().eq_ignore_ascii_case("base64") {
        return Err("is a data URL whose data are not base64");
    }
    match media.split(';').next().map(str::trim) {
        None | Some("") => Err("is a data URL without a media type"),
        Some(media_type) => Ok(Some((media_type, data))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_are_divided() {
        let read = |url: &'static str| match data_of(&JsonText::Escaped(url)) {
            Ok(Some(MediaSource::Base64 { media_type, data })) => {
                format!("{} {}", media_type.plain(), data.plain())
            }
            Ok(Some(_)) => panic!("no other source is made"),
            Ok(None) => "no data URL".to_owned(),
            Err(why) => why.to_owned(),
        };
        let rows = [
            ("data:image/png;base64,aGk=", "image/png aGk="),
            ("DATA:image/png;a=b; Base64,aGk=", "image/png aGk="),
            ("data:image\\/png;base64,aGk=", "image/png aGk="),
            ("https://a/b", "no data URL"),
            ("data", "no data URL"),
            ("é€", "no data URL"),
            ("data:image/png;base64", "is a data URL without data"),
            ("data:image/png,aGk=", "is a data URL whose data are not base64"),
            ("data:;base64,aGk=", "is a data URL without a media type"),
        ];
        for (url, wanted) in rows {
            assert_eq!(read(url), wanted, "{url}");
        }
    }

    #[test]
    fn other_urls_have_a_scheme() {
        let mut losses = Losses::default();
        let mut at =
            |url: &'static str| media_at(&Spot::Body.member("url"), JsonText::of(url), &mut losses);
        assert!(matches!(at("gs://a/b"), Some(MediaSource::Url(_))));
        assert!(at("aGk=").is_none());
        assert_eq!(losses.list()[0].why, "is neither a URL nor a data URL");
    }
}
