using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Host;

/// <summary>The command new-api-key: makes a key, shows it once, and says how to configure its hash.</summary>
internal static class NewApiKey
{
    private const string Prefix = "ch_";

    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter errors)
    {
        if (args is not ["--tenant", { Length: > 0 } tenant])
        {
            errors.WriteLine("Usage: new-api-key --tenant NAME");
            return 64; // EX_USAGE of sysexits.h
        }

        var key = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        output.WriteLine($"Key of tenant {tenant}, shown only now:");
        output.WriteLine($"  {key}");
        output.WriteLine("Configure it, N being the next free number from 0:");
        output.WriteLine($"  CloneHub__ApiKeys__N__Tenant={tenant}");
        output.WriteLine($"  CloneHub__ApiKeys__N__Sha256={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}");
        return 0;
    }
}
