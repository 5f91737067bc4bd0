package dev.walcast.server.clients

import io.github.jan.supabase.createSupabaseClient
import io.github.jan.supabase.logging.LogLevel
import io.github.jan.supabase.logging.SupabaseLoggingProcessor
import io.github.jan.supabase.realtime.PostgresAction
import io.github.jan.supabase.realtime.Realtime
import io.github.jan.supabase.realtime.RealtimeChannel
import io.github.jan.supabase.realtime.broadcast
import io.github.jan.supabase.realtime.broadcastFlow
import io.github.jan.supabase.realtime.channel
import io.github.jan.supabase.realtime.httpSend
import io.github.jan.supabase.realtime.postgresChangeFlow
import io.github.jan.supabase.realtime.presenceDataFlow
import io.github.jan.supabase.realtime.realtime
import io.github.jan.supabase.realtime.track
import io.github.jan.supabase.postgrest.query.filter.FilterOperator
import io.ktor.client.engine.cio.CIO
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.launch
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlin.system.exitProcess
import kotlin.time.Duration.Companion.seconds

/**
 * One member of the scenarios in `ClientMatrixTest` over the unmodified supabase-kt. Speaks and understands what
 * `client.mjs` does. What this client tells nobody, that changes flow and why a join was refused, is read from its log.
 */
private class KotlinClient(private val scope: CoroutineScope) {
    private val supabase = createSupabaseClient(System.getenv("WALCAST_URL"), System.getenv("ANON_KEY")) {
        defaultLogLevel = LogLevel.DEBUG
        defaultLoggingFactory = { Log }
        httpEngine = CIO.create()
        install(Realtime) { reconnectDelay = 1.seconds }
    }
    private lateinit var channel: RealtimeChannel

    suspend fun obey(command: JsonObject) {
        when (command.text("cmd")) {
            "join" -> join(command)
            "send" -> tell("sent") { channel.broadcast(command.text("event")!!, command["payload"]!!.jsonObject) }
            "post" -> tell("posted") {
                supabase.channel(command.text("topic")!!).httpSend(command.text("event")!!, command["payload"]!!.jsonObject)
            }
            "track" -> tell("tracked") { channel.track(command["state"]!!.jsonObject) }
            "token" -> supabase.realtime.setAuth(command.text("token"))
            "leave" -> tell("left") { channel.unsubscribe() }
        }
    }

    private suspend fun join(command: JsonObject) {
        channel = supabase.channel(command.text("topic")!!) {
            isPrivate = command["isPrivate"]?.jsonPrimitive?.booleanOrNull ?: false
            broadcast { acknowledgeBroadcasts = true }
            command.text("presence")?.let { presence { key = it } }
        }
        command["bindings"]?.jsonArray?.forEach { listen(it.jsonObject) }
        each(channel.broadcastFlow<JsonObject>("greeting")) { say("broadcast", "name" to JsonPrimitive("greeting"), "payload" to it) }
        if (command.text("presence") != null) {
            each(channel.presenceDataFlow<JsonObject>()) { members -> say("presence", "names" to JsonArray(members.map { it["name"]!! })) }
        }
        each(channel.status) { if (it == RealtimeChannel.Status.SUBSCRIBED) say("joined") }
        channel.subscribe()
    }

    private fun listen(binding: JsonObject) {
        val changes = channel.postgresChangeFlow<PostgresAction>(binding.text("schema")!!) {
            table = binding.text("table")
            binding.text("filter")?.let {
                val (column, operator, value) = it.split("=", ".", limit = 3)
                filter(column, FilterOperator.valueOf(operator.uppercase()), value)
            }
        }
        each(changes) {
            when (it) {
                is PostgresAction.Insert -> say("change", "type" to JsonPrimitive("INSERT"), "new" to it.record)
                is PostgresAction.Update -> say("change", "type" to JsonPrimitive("UPDATE"), "new" to it.record, "old" to it.oldRecord)
                is PostgresAction.Delete -> say("change", "type" to JsonPrimitive("DELETE"), "old" to it.oldRecord)
                is PostgresAction.Select -> {}
            }
        }
    }

    /** Listens before it returns, so that nothing is missed. */
    private fun <T> each(flow: Flow<T>, action: (T) -> Unit) {
        scope.launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) { flow.collect { action(it) } }
    }

    private suspend fun tell(event: String, action: suspend () -> Unit) {
        val failure = runCatching { action() }.exceptionOrNull()
        say(event, "ok" to JsonPrimitive(failure == null), "error" to JsonPrimitive(failure?.toString()))
    }
}

private object Log : SupabaseLoggingProcessor {
    override fun isEnabled(level: LogLevel) = true

    override fun processLog(level: LogLevel, tag: String, throwable: Throwable?, message: String) {
        when {
            message.startsWith("Received message") && message.contains("Subscribed to PostgreSQL") ->
                say("system", "message" to buildJsonObject { put("message", "Subscribed to PostgreSQL") })
            message.startsWith("Received an error in channel") -> say("refused", "reason" to JsonPrimitive(message))
            else -> say("log", "text" to JsonPrimitive(message), "error" to (throwable?.let { JsonPrimitive(it.toString()) } ?: JsonNull))
        }
    }
}

private fun JsonObject.text(key: String) = this[key]?.jsonPrimitive?.contentOrNull

private fun say(event: String, vararg rest: Pair<String, JsonElement>) {
    println(JsonObject(mapOf("event" to JsonPrimitive(event)) + rest))
    System.out.flush()
}

suspend fun main() {
    val client = KotlinClient(CoroutineScope(Dispatchers.Default))
    generateSequence(::readLine).forEach { client.obey(Json.parseToJsonElement(it).jsonObject) }
    exitProcess(0)
}
