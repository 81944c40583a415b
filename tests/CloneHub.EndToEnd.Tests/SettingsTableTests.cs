using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using CloneHub.Dev;
using Microsoft.Extensions.Configuration;

namespace CloneHub.EndToEnd.Tests;

/// <summary>README.md's table of settings against the code that reads them.</summary>
public sealed partial class SettingsTableTests
{
    private const string Nothing = "–";

    private static readonly string[] Assemblies = ["CloneHub.Host", "CloneHub.Jobs", "CloneHub.Provisioning", "CloneHub.Cleanup"];

    private static readonly IConfiguration Shipped =
        new ConfigurationBuilder().AddJsonFile(Repository.Path("src", "CloneHub.Host", "appsettings.json")).Build();

    [Fact]
    public void The_table_names_every_setting_of_the_product_and_nothing_else()
    {
        var shown = Readme.Table("Setting").Select(row => row[0]).Where(IsOurs).ToList();

        Assert.Equal(Known().Keys.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_defaults_shown_are_the_ones_that_hold()
    {
        var known = Known();

        foreach (var row in Readme.Table("Setting").Where(row => IsOurs(row[0])))
            Assert.Equal((row[0], known[row[0]]), (row[0], row[1]));
    }

    [Fact]
    public void Settings_of_the_framework_are_read_too()
    {
        var others = Readme.Table("Setting").Where(row => !IsOurs(row[0])).ToDictionary(row => row[0], row => row[1]);

        Assert.Equal(["OTEL_EXPORTER_OTLP_ENDPOINT", "Urls"], others.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Shipped["Urls"], others["Urls"]);
    }

    private static bool IsOurs(string setting) => setting.StartsWith("CloneHub:", StringComparison.Ordinal);

    /// <summary>Every setting with the value that holds when nobody sets it.</summary>
    private static Dictionary<string, string> Known()
    {
        var sections = Assemblies.SelectMany(name => Assembly.Load(name).GetTypes())
            .Select(type => (Type: type, Section: type.GetField("Section")?.GetRawConstantValue() as string))
            .Where(found => found.Section is not null)
            .Append((Type: Type.GetType("CloneHub.Jobs.Api.JobsApiOptions, CloneHub.Jobs", throwOnError: true)!, Section: "CloneHub"))
            .ToList();
        Assert.True(sections.Count >= 5, $"Only {sections.Count} types with settings were found.");
        var settings = sections.SelectMany(found => Of(found.Type, found.Section!)).ToDictionary();

        // Read one by one, not bound to a type.
        foreach (var name in Literals()) settings.TryAdd(name, DefaultIn(name));
        return settings.ToDictionary(setting => setting.Key, setting => Shipped[setting.Key] is { } shipped ? Text(shipped) : setting.Value);
    }

    private static IEnumerable<KeyValuePair<string, string>> Of(Type type, string section)
    {
        var defaults = Activator.CreateInstance(type, nonPublic: true);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = $"{section}:{property.Name}";
            var element = property.PropertyType.IsGenericType ? property.PropertyType.GetGenericArguments()[0] : null;
            var isList = typeof(IEnumerable).IsAssignableFrom(property.PropertyType) && property.PropertyType != typeof(string);
            if (isList && IsGroup(element!)) foreach (var inner in Of(element!, name + ":N")) yield return inner;
            else if (isList) yield return new(name + ":N", Nothing);
            else if (IsGroup(property.PropertyType)) foreach (var inner in Of(property.PropertyType, name)) yield return inner;
            else if (property.CanWrite) yield return new(name, Text(property.GetValue(defaults)));
        }
    }

    private static bool IsGroup(Type type) => type.IsClass && type.Namespace?.StartsWith("CloneHub", StringComparison.Ordinal) == true;

    private static string Text(object? value) => value switch
    {
        null or "" => Nothing,
        bool or Enum or "True" or "False" => value.ToString()!.ToLowerInvariant(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string SettingsCode { get; } = File.ReadAllText(Repository.Path("src", "Modules", "Jobs", "JobsSettings.cs"));

    private static IEnumerable<string> Literals() => Literal().Matches(SettingsCode).Select(m => m.Groups[1].Value).Distinct();

    private static string DefaultIn(string name) =>
        Regex.Match(SettingsCode, $"Value\\(configuration, \"{Regex.Escape(name)}\", (\\w+)\\)") is { Success: true } found ? found.Groups[1].Value : Nothing;

    [GeneratedRegex("\"(CloneHub:[A-Za-z:]+)\"")]
    private static partial Regex Literal();
}
