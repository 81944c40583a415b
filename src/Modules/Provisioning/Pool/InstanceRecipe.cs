using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Provisioning.Pool;

/// <summary>What an instance is made of, as its row says it. Short hashes: it is compared, not read.</summary>
/// <param name="Place">Which pool it is of: one back end with its folders, or its namespace.</param>
internal readonly record struct InstanceRecipe(string Place, string Ingredients)
{
    public static InstanceRecipe Of(string place, string ingredients) => new(Short(place), Short(ingredients));

    public static InstanceRecipe Parse(string text) => text.Split(' ') is [var place, var ingredients] ? new(place, ingredients) : new(text, "");

    public override string ToString() => $"{Place} {Ingredients}";

    private static string Short(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
}
