using System.Globalization;
using System.Text;
using CloneHub.Provisioning.WordPress.Rewriting;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace CloneHub.Provisioning.Tests.WordPress.Rewriting;

public sealed class RewriterProperties
{
    private static readonly Uri Source = new("https://example.com");
    private static readonly Uri Target = new("http://job-x.localhost:5080");
    private static readonly ContentRewriter Forth = new(new RewriteMap().Url(Source, Target).Path("/srv/www/site", "/data/x/y"));
    private static readonly ContentRewriter Back = new(new RewriteMap().Url(Target, Source).Path("/data/x/y", "/srv/www/site"));

    private static readonly string[] Pieces =
    [
        "https://example.com", "https:\\/\\/example.com\\/a", "https%3A%2F%2Fexample.com", "https://example.com/x.png", "/srv/www/site/a", "a:1:{i:0;",
        "s:19:\"", "\";", "}", "O:8:\"stdClass\":1:{", "C:3:\"Foo\":5:{", "example.com", "//", "\\/", "%2F", "%", "&#47;", "&#101;xample.com", "\\u0065xample.com", "&#x", "\\", "\0", "😀", "ü", " ", ":", "\"", "http", "www.",
        "aHR0cHM6Ly9leGFtcGxlLmNvbS9h", "IGh0dHBzOi8vZXhhbXBsZS5jb20=", "ISFodHRwczpcL1wvZXhhbXBsZS5jb20=", "leGFtcGxlLmNvb", "=", "N;", "i:1;", "b:0;", "R:1;", ":5080", "a:2:{s:1:\"u\";s:19:\"https://example.com\";i:3;", "\n",
    ];

    [Property(MaxTest = 2000)]
    public Property Any_mixture_is_survived_and_a_second_run_changes_nothing() =>
        Prop.ForAll(Mixtures(), text =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Forth.IsSpelledOut(bytes);
            var once = Forth.Rewrite(bytes);
            return once is null || Forth.Rewrite(once) is null;
        });

    [Property(MaxTest = 500)]
    public bool Random_bytes_without_the_host_are_returned_untouched(byte[] value) => Forth.Rewrite(value) is null;

    [Property(MaxTest = 1000)]
    public Property A_valid_serialised_value_stays_valid() =>
        Prop.ForAll(Values(), value =>
        {
            var text = Encoding.UTF8.GetBytes(value);
            var rewritten = Forth.Rewrite(text) ?? text;
            return new SerializedPhp(rewritten, []).Read(0) == rewritten.Length;
        });

    [Property(MaxTest = 1000)]
    public Property There_and_back_gives_the_same_bytes() =>
        Prop.ForAll(Values(), value =>
        {
            var text = Encoding.UTF8.GetBytes(value);
            var there = Forth.Rewrite(text) ?? text;
            var back = Back.Rewrite(there) ?? there;
            return back.AsSpan().SequenceEqual(text);
        });

    private static Arbitrary<string> Mixtures() =>
        Gen.Elements(Pieces).ListOf().Select(pieces => string.Concat(pieces)).ToArbitrary();

    private static Arbitrary<string> Values() => Gen.Sized(size => Value(Math.Min(size, 30))).ToArbitrary();

    private static Gen<string> Value(int size)
    {
        var text = Gen.Elements(
            "https://example.com", "x https://example.com/ü?a=1%20", "{\"u\":\"https:\\/\\/example.com\\/a\"}", "u=https%3A%2F%2Fexample.com%2F", "/srv/www/site/b", "😀", "", "\0*\0p",
            "[vc_raw_html]aHR0cHM6Ly9leGFtcGxlLmNvbS9h[/vc_raw_html]")
            .Select(Quoted);
        var scalar = Gen.OneOf(text, Gen.Choose(-9, 9).Select(number => $"i:{number};"), Gen.Elements("N;", "b:1;", "d:0.5;"));
        if (size <= 1) return scalar;
        var inner = Value(size / 3);
        var array = inner.ListOf().Select(items => Braced("a", items));
        var instance = inner.ListOf().Select(items => Braced("O:3:\"Foo\"", items));
        return Gen.OneOf(scalar, array, instance, inner.Select(Quoted));
    }

    private static string Quoted(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"s:{Encoding.UTF8.GetByteCount(text)}:\"{text}\";");

    private static string Braced(string head, List<string> items) =>
        $"{head}:{items.Count}:{{{string.Concat(items.Select((item, index) => Quoted($"k{index}") + item))}}}";
}
