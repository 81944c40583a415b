using System.Globalization;

namespace CloneHub.Jobs.Api;

/// <summary>Times as everybody outside gets them: RFC 3339 in UTC, 2026-01-31T08:15:30.123Z.</summary>
internal static class WireTime
{
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
